import type { Engine } from "@sumo/linalg";

/** y ← x Wᵀ + beta y for `rows` rows; W is [outputs, inputs]. */
export function linear(
  engine: Engine,
  rows: number,
  inputs: number,
  outputs: number,
  x: Float32Array,
  xOffset: number,
  weight: Float32Array,
  beta: number,
  y: Float32Array,
  yOffset: number,
): void {
  engine.gemm(false, true, rows, outputs, inputs, 1, x, xOffset, inputs, weight, 0, inputs, beta, y, yOffset, outputs);
}

/** Fills `rows` rows of y with the bias, which a product with beta 1 then adds to. */
export function fillBias(rows: number, bias: Float32Array, y: Float32Array, yOffset: number): void {
  for (let r = 0; r < rows; r++) y.set(bias, yOffset + r * bias.length);
}

/** dX ← dY W for `rows` rows. */
export function linearBackward(
  engine: Engine,
  rows: number,
  inputs: number,
  outputs: number,
  dY: Float32Array,
  dYOffset: number,
  weight: Float32Array,
  dX: Float32Array,
  dXOffset: number,
): void {
  engine.gemm(
    false,
    false,
    rows,
    inputs,
    outputs,
    1,
    dY,
    dYOffset,
    outputs,
    weight,
    0,
    inputs,
    0,
    dX,
    dXOffset,
    inputs,
  );
}

/** Rows `from` to `to` of dW ← dYᵀ X + beta dW, summed over `rows` rows of dY (from its beginning) and of X. */
export function linearWeightGradient(
  engine: Engine,
  rows: number,
  inputs: number,
  outputs: number,
  { from, to }: { readonly from: number; readonly to: number },
  dY: Float32Array,
  x: Float32Array,
  xOffset: number,
  beta: number,
  dWeight: Float32Array,
): void {
  const at = from * inputs;
  engine.gemm(
    true,
    false,
    to - from,
    inputs,
    rows,
    1,
    dY,
    from,
    outputs,
    x,
    xOffset,
    inputs,
    beta,
    dWeight,
    at,
    inputs,
  );
}
