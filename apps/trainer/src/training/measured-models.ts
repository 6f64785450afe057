import { createWasmEngine } from "@sumo/linalg";
import { createLlama, type Llama, planLlama } from "@sumo/llama";
import {
  checkAddressable,
  emptyBatch,
  RESERVE_BYTES,
  type TrainOptions,
  type ValidationLoss,
  validationLoss,
} from "@sumo/training";
import type { TrainedModel } from "../run/model-folder.ts";
import { type DataPlace, prepareData, readRunText } from "./run-data.ts";

/** Models of one shape in one heap, and their validation losses. */
export interface MeasuredModels {
  readonly models: readonly Llama[];
  /** Validation loss of one of them with the weights that it has now. */
  readonly loss: (model: Llama) => ValidationLoss;
  /** The text's name or path. */
  readonly source: string;
}

/**
 * Loads models and a text to measure them on.
 *
 * @param options - its text, context and `evalTokens` count.
 * @param base - folder that relative paths start from.
 * @throws {DataError} @throws {CheckpointError}
 * @throws {UsageError} if they need more memory than WebAssembly can address.
 */
export async function measuredModels(
  sources: readonly TrainedModel[],
  { data, context, loss: part, evalTokens }: TrainOptions,
  base: string,
  place: DataPlace,
): Promise<MeasuredModels> {
  const { config, tokenizer, companions } = sources.at(-1)!;
  const shape = { batch: 1, length: Math.min(context, config.context) };
  const text = await readRunText(data, base, place);
  const options = { context: shape.length, ...(part && { loss: part }) };
  const { sequences } = prepareData(text, options, tokenizer, companions, place);
  const { weightBytes, activationBytes } = planLlama(config, shape);
  const heapBytes = sources.length * (weightBytes + activationBytes) + RESERVE_BYTES;
  checkAddressable({ heapBytes, activationBytes });
  const engine = createWasmEngine({ bytes: heapBytes });
  const models = sources.map((source) => createLlama(source.config, { engine, weights: source.weights }));
  const batch = emptyBatch(shape);
  const loss = (model: Llama): ValidationLoss => {
    const pass = model.createPass(shape.batch, shape.length);
    try {
      return validationLoss(pass, sequences, batch, shape, evalTokens);
    } finally {
      pass.dispose();
    }
  };
  return { models, loss, source: text.source };
}
