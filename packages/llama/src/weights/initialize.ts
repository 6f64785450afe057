import { fillNormal } from "@sumo/linalg";
import type { Parameter } from "./parameters.ts";

const DEVIATION = 0.02;
/** First random stream; one stream a parameter. Above those of small numbers, which callers use. */
const FIRST_STREAM = 2 ** 40;
const RESIDUAL = /\.(o|down)_proj\.weight$/;

/**
 * Normal numbers of deviation 0.02, that of the projections into the residual stream divided by √(2 layers), norms 1
 * (Radford et al. 2019, §2.3). The same bits on every machine for the same seed.
 */
export function initializeParameters(parameters: readonly Parameter[], layers: number, seed: number): void {
  parameters.forEach(({ name, data, kind }, i) => {
    if (kind === "norm") {
      data.fill(1);
      return;
    }
    fillNormal(data, [seed, FIRST_STREAM + i, 0]);
    const deviation = RESIDUAL.test(name) ? DEVIATION / Math.sqrt(2 * layers) : DEVIATION;
    for (let j = 0; j < data.length; j++) data[j]! *= deviation;
  });
}
