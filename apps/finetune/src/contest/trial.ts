import * as tf from "@tensorflow/tfjs";
import { batchesOf, type Dataset, trainingBatch } from "../dataset/dataset.ts";
import { CATEGORIES } from "../dataset/glosses.ts";
import type { Weight } from "../encoder/weights.ts";
import { Classifier } from "./classifier.ts";
import { type Contestant, othersOptimizer, scheduleOf } from "./contestants.ts";

/** Settings common to all contestants. */
export interface Setting {
  readonly pretrained: ReadonlyMap<string, Weight>;
  readonly dataset: Dataset;
  readonly steps: number;
  readonly batch: number;
  /** Steps between two measurements of accuracy. */
  readonly every: number;
}

export interface Trial {
  /** Validation accuracy after these steps. */
  readonly curve: readonly { readonly step: number; readonly accuracy: number }[];
  /** Bytes of state of the matrices' optimizer. */
  readonly stateBytes: number;
  /** Training time, without measurements. */
  readonly seconds: number;
}

/** Called after every step. */
export type OnStep = (step: number, loss: number, accuracy: number | undefined) => void;

/** Batch size of the validation. */
const VALIDATION_BATCH = 100;

/** Fine-tunes the encoder once. */
export function runTrial(contestant: Contestant, rate: number, seed: number, setting: Setting, onStep: OnStep): Trial {
  const { pretrained, dataset, steps, batch, every } = setting;
  const classifier = new Classifier(pretrained, CATEGORIES.length, contestant.adaptation, seed);
  const ofMatrices = contestant.optimizer(scheduleOf(rate, steps));
  const ofOthers = othersOptimizer(steps);
  const curve: { step: number; accuracy: number }[] = [];
  let seconds = 0;
  for (let step = 1; step <= steps; step++) {
    const begin = performance.now();
    const labelled = trainingBatch(dataset, batch, seed, step);
    const loss = tf.tidy(() => {
      const { matrices, others } = classifier;
      const { value, grads } = tf.variableGrads(() => classifier.loss(labelled), [...matrices, ...others]);
      const gradientsOf = (variables: readonly tf.Variable[]) =>
        variables.map(({ name }) => ({ name, tensor: grads[name]! }));
      ofMatrices.applyGradients(gradientsOf(matrices));
      ofOthers.applyGradients(gradientsOf(others));
      return value.dataSync()[0]!;
    });
    dispose(labelled);
    seconds += (performance.now() - begin) / 1000;
    const measured = step % every === 0 || step === steps;
    if (measured) curve.push({ step, accuracy: accuracyOf(classifier, dataset) });
    onStep(step, loss, curve.at(-1)?.accuracy);
  }
  const { stateBytes } = ofMatrices.report();
  for (const owner of [ofMatrices, ofOthers, classifier]) owner.dispose();
  return { curve, stateBytes, seconds };
}

function accuracyOf(classifier: Classifier, { validation }: Dataset): number {
  let correct = 0;
  for (const batch of batchesOf(validation, VALIDATION_BATCH)) {
    correct += classifier.correct(batch);
    dispose(batch);
  }
  return correct / validation.length;
}

const dispose = (batch: object): void => tf.dispose(Object.values(batch) as tf.Tensor[]);
