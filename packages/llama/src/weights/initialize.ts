import { fillNormal } from "@sumo/linalg";
import { storeWeights } from "./bfloat16.ts";
import type { Parameter, WeightData } from "./parameters.ts";

const DEVIATION = 0.02;
/** First random stream; each parameter has its own. Large, to differ from the streams that callers number from 0. */
const FIRST_STREAM = 2 ** 40;
const RESIDUAL = /\.(o|down)_proj\.weight$/;

/**
 * Fills matrices with normal numbers of deviation 0.02, divided by √(2 layers) for projections into the residual stream, norms with 1 and
 * biases with 0 (Radford et al. 2019, §2.3). Weights of bfloat16 are those of float32, rounded to nearest. Equal seeds give equal bits on every machine.
 */
export function initializeParameters(parameters: readonly Parameter<WeightData>[], layers: number, seed: number): void {
  parameters.forEach(({ name, data, kind }, i) => {
    if (kind === "norm" || kind === "bias") {
      data.fill(kind === "norm" ? 1 : 0);
      return;
    }
    const numbers = data instanceof Float32Array ? data : new Float32Array(data.length);
    fillNormal(numbers, [seed, FIRST_STREAM + i, 0]);
    const deviation = RESIDUAL.test(name) ? DEVIATION / Math.sqrt(2 * layers) : DEVIATION;
    for (let j = 0; j < numbers.length; j++) numbers[j]! *= deviation;
    if (numbers !== data) storeWeights(data, numbers);
  });
}
