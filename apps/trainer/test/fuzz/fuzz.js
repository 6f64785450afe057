// Counts the bytes of typed arrays from here on, also of the packages, which look the constructors up when they call them.
let allocated = 0;
for (const name of ["Uint8Array", "Int32Array", "Uint16Array", "Uint32Array", "Float32Array", "Float64Array"]) {
  const real = globalThis[name];
  globalThis[name] = new Proxy(real, {
    construct(target, words, made) {
      if (typeof words[0] === "number") allocated += words[0] * target.BYTES_PER_ELEMENT;
      return Reflect.construct(target, words, made === globalThis[name] ? target : made);
    },
  });
}

const { isExpected, PARSERS } = await import("./parsers.js");
const { randomOf } = await import("./mutate.js");

/** Bytes that a parser may allocate in typed arrays: for each byte of the file, and besides. */
const PER_BYTE = 64;
const BESIDES = 2 ** 20;
/** Growth of the process's peak memory that a single file may cause. */
const GROWTH = 2 ** 28;
/** Milliseconds that a file of a few kilobytes may take. */
const SLOW = 2000;

export const NAMES = Object.keys(PARSERS);

/**
 * Parses a whole file of a kind, and `count` mutated ones: those numbered from `first` on.
 *
 * @param begun - called with the number of each file before it is parsed.
 * @returns how many of them were refused.
 * @throws {Error} that names the first file which ends in another error than a typed one, takes too long, or too much memory.
 */
export function fuzz(name, count, first = 0, begun = () => {}) {
  const { whole, make, parse } = PARSERS[name];
  parse(whole);
  let refused = 0;
  for (let i = first; i < first + count; i++) {
    begun(i);
    const file = make(randomOf(i));
    const fault = faultOf(file, parse);
    if (fault === "refused") refused++;
    else if (fault !== undefined) {
      const shown = typeof file === "string" ? file : Buffer.from(file).toString("latin1");
      throw new Error(`${name}, file ${i}: ${fault.message}: ${JSON.stringify(shown.slice(0, 300))}`, {
        cause: fault.cause,
      });
    }
  }
  return refused;
}

function faultOf(file, parse) {
  allocated = 0;
  const [peak, start] = [process.resourceUsage().maxRSS, performance.now()];
  let outcome;
  try {
    parse(file);
  } catch (cause) {
    outcome = isExpected(cause) ? "refused" : { message: `ended in ${cause}`, cause };
  }
  const milliseconds = performance.now() - start;
  const grown = 1024 * (process.resourceUsage().maxRSS - peak);
  if (milliseconds > SLOW) return { message: `took ${Math.round(milliseconds)} ms` };
  if (allocated > PER_BYTE * file.length + BESIDES) return { message: `allocated ${allocated} bytes` };
  if (grown > GROWTH) return { message: `needed ${grown} bytes` };
  return outcome;
}
