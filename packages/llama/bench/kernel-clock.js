/**
 * A clock around every WebAssembly kernel, whichever package it belongs to. Install it before an engine is made: it replaces
 * `WebAssembly.Instance` by one whose exports take their own time.
 */
export function clockKernels() {
  const ms = new Map();
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class {
    constructor(module, imports) {
      const { exports } = new Instance(module, imports);
      this.exports = Object.fromEntries(Object.entries(exports).map(([name, kernel]) => [name, clocked(name, kernel)]));
    }
  };
  const clocked = (name, kernel) => {
    if (typeof kernel !== "function") return kernel;
    return (...parameters) => {
      const start = performance.now();
      const result = kernel(...parameters);
      ms.set(name, (ms.get(name) ?? 0) + performance.now() - start);
      return result;
    };
  };
  return { reset: () => ms.clear(), read: () => new Map(ms) };
}
