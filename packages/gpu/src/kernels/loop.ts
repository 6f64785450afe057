/** More than a row or column can be long. */
const FOREVER = 2 ** 27;

/**
 * Text of a loop over 0 ≤ variable < count. WebGL 1 wants a constant bound, and gpu.js stops a loop bounded by an argument silently
 * after 1000 iterations; it gives the variables of all loops of a kernel one scope, so that each needs its own name.
 */
export const loop = (variable: string, count: string, body: string): string =>
  `for (let ${variable} = 0; ${variable} < ${FOREVER}; ${variable}++) { if (${variable} >= ${count}) { break; } ${body} }`;
