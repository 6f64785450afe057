/** A function that returns `i8x16.splat(0)`: the smallest module that only SIMD validates. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic number and version
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // one type: () -> v128
  ...[3, 2, 1, 0], // one function of that type
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 15, 11], // its body: i32.const 0, i8x16.splat, end
);

/** Missing features of this browser and their consequences, one sentence each. */
export function missingFeatures(): string[] {
  if (typeof WebAssembly === "undefined") {
    return ["This browser has no WebAssembly, or it is switched off, so it cannot train here."];
  }
  if (!WebAssembly.validate(SIMD_MODULE)) {
    return [
      "This browser’s WebAssembly has no SIMD instructions: the page trains in plain JavaScript, some thirty times slower. Choose the tiny model, or a newer browser.",
    ];
  }
  return [];
}

/** Describes how the optimizers share this machine's threads. */
export function describeMachine(): string {
  const cores = navigator.hardwareConcurrency;
  const threads = cores === 1 ? "one thread" : `${cores} threads`;
  return crossOriginIsolated
    ? `The ${threads} of this machine are shared out to the optimizers.`
    : `This host does not let pages share memory between threads, so each optimizer trains on one; this machine has ${threads}.`;
}
