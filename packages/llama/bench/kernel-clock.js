/**
 * Measures the time of every WebAssembly kernel, of all packages. Call it before an engine is created: it replaces `WebAssembly.Instance`
 * by one whose exports are timed.
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
