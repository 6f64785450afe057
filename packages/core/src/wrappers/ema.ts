import { describe, OptimizerOptionError, ParameterError } from "../errors.ts";
import { checkParameters, type Parameter } from "../optimizer/parameter.ts";

/** An exponential moving average of weights, for evaluation. */
export interface Ema {
  /** Averages by parameter. */
  readonly averages: Readonly<Record<string, Float32Array>>;
  /** average ← decay · average + (1 − decay) · weight; after every step. */
  update(): void;
  /** Exchanges weights and averages: once to evaluate with the averages, once more to continue training. */
  swap(): void;
}

/**
 * Creates averages that start at the current weights. Memory: one copy of the weights.
 *
 * @param decay - Share of the old average, in [0, 1).
 * @throws {OptimizerOptionError} @throws {ParameterError} for a repeated name.
 */
export function createEma(parameters: readonly Parameter<Float32Array>[], decay: number): Ema {
  if (!(typeof decay === "number" && decay >= 0 && decay < 1))
    throw new OptimizerOptionError("decay", "a number in [0, 1)", decay);
  checkParameters(parameters);
  for (const { name, data } of parameters) {
    if (!(data instanceof Float32Array)) {
      throw new ParameterError(name, `expected a Float32Array in \`data\`, got ${describe(data)}`);
    }
  }
  const averages = Object.fromEntries(parameters.map(({ name, data }) => [name, Float32Array.from(data)]));
  return {
    averages,
    update() {
      for (const { name, data } of parameters) {
        const average = averages[name]!;
        for (let i = 0; i < data.length; i++) average[i] = average[i]! + (1 - decay) * (data[i]! - average[i]!);
      }
    },
    swap() {
      for (const { name, data } of parameters) {
        const average = averages[name]!;
        for (let i = 0; i < data.length; i++) [data[i], average[i]] = [average[i]!, data[i]!];
      }
    },
  };
}
