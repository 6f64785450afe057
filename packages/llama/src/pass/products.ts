import type { Engine } from "@sumo/linalg";
import type { WeightData } from "../weights/parameters.ts";
import type { ForwardContext } from "./context.ts";

/** What computes products with weights. */
type Multiplier = Pick<ForwardContext, "engine" | "kernels" | "panel">;

/** y ← x Wᵀ + beta y for `rows` rows; W is [outputs, inputs]. */
export function linear(
  by: Multiplier,
  rows: number,
  inputs: number,
  outputs: number,
  x: Float32Array,
  xOffset: number,
  weight: WeightData,
  beta: number,
  y: Float32Array,
  yOffset: number,
): void {
  const { engine } = by;
  eachPanel(by, inputs, outputs, weight, (w, first, count) => {
    const at = yOffset + first;
    engine.gemm(false, true, rows, count, inputs, 1, x, xOffset, inputs, w, 0, inputs, beta, y, at, outputs);
  });
}

/** Calls `body` with a matrix in float32: the whole, or one panel of rows after another, which are widened. */
function eachPanel(
  { kernels, panel }: Multiplier,
  inputs: number,
  outputs: number,
  weight: WeightData,
  body: (rows: Float32Array, first: number, count: number) => void,
): void {
  if (weight instanceof Float32Array) {
    body(weight, 0, outputs);
    return;
  }
  const most = Math.floor(panel.length / inputs);
  for (let first = 0; first < outputs; first += most) {
    const count = Math.min(most, outputs - first);
    kernels.widen(count * inputs, weight, first * inputs, panel, 0);
    body(panel, first, count);
  }
}

/** Fills `rows` rows of y with the bias, which a product with beta 1 then adds to. */
export function fillBias(rows: number, bias: Float32Array, y: Float32Array, yOffset: number): void {
  for (let r = 0; r < rows; r++) y.set(bias, yOffset + r * bias.length);
}

/** dX ← dY W for `rows` rows. */
export function linearBackward(
  by: Multiplier,
  rows: number,
  inputs: number,
  outputs: number,
  dY: Float32Array,
  dYOffset: number,
  weight: WeightData,
  dX: Float32Array,
  dXOffset: number,
): void {
  const { engine } = by;
  eachPanel(by, inputs, outputs, weight, (w, first, count) => {
    const at = dYOffset + first;
    const beta = first === 0 ? 0 : 1;
    engine.gemm(false, false, rows, inputs, count, 1, dY, at, outputs, w, 0, inputs, beta, dX, dXOffset, inputs);
  });
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
