/** Constant loop bound, above any length of a row or column. */
const FOREVER = 2 ** 27;

/**
 * Text of a loop over 0 ≤ variable < count. WebGL 1 requires a constant bound, and gpu.js silently ends a loop with a variable bound
 * after 1000 iterations. All loops of a kernel share one scope, so that each variable needs its own name.
 */
export const loop = (variable: string, count: string, body: string): string =>
  `for (let ${variable} = 0; ${variable} < ${FOREVER}; ${variable}++) { if (${variable} >= ${count}) { break; } ${body} }`;
