// Training task of several measurements: Moby Dick by bytes; a LLaMA of width 128, 2 layers, context 64; 400 steps of 16 x 64
// tokens, cosine to a tenth; embeddings, norms and head always get AdamW at 3e-3. Half a minute a run on one core.
import { cosine, createOptimizer, linalgBackend } from "@sumo/core";
import { createWasmEngine, fillUniform } from "@sumo/linalg";
import { createLlama, llamaConfig, parameterShapes } from "@sumo/llama";
import { createCorpus, createTokenizer } from "@sumo/training";
import { readText } from "@sumo/training/text";

export const STEPS = 400;
const BATCH = 16;
const config = llamaConfig({ vocabSize: 256, dim: 128, layers: 2, heads: 4, context: 64 });
export const hidden = parameterShapes(config).filter(({ kind }) => kind === "hidden");
const corpus = createCorpus(readText("moby-dick").bytes, createTokenizer([]), config.context);

/**
 * Trains one model with `options` on its hidden matrices. Returns the mean loss on the whole held-out text in nats a byte.
 *
 * @param watch - called with the optimizer before the first step.
 */
export function trainedLoss(options, lr, seed, watch = () => {}) {
  const engine = createWasmEngine();
  const model = createLlama(config, { engine, seed });
  const pass = model.createPass(BATCH, config.context);
  const schedule = (peak) => cosine({ peak, warmup: 20, total: STEPS, final: 0.1 });
  const names = new Set(hidden.map(({ name }) => name));
  const optimizer = createOptimizer(
    model.parameters,
    [
      { ...options, ...(options.optimizer === "sumo" && { seed }), lr: schedule(lr), match: (p) => names.has(p.name) },
      { optimizer: "adamw", beta2: 0.99, lr: schedule(3e-3) },
    ],
    { backend: linalgBackend(engine) },
  );
  watch(optimizer);
  for (let step = 0; step < STEPS; step++) {
    const { tokens, targets } = windows(corpus.train, randomStarts(corpus.train, seed, step));
    pass.backward(tokens, targets, (name, gradient) => optimizer.stepParameter(name, gradient));
  }
  return validationLoss(pass);
}

function validationLoss(pass) {
  const text = corpus.validation;
  const rounds = Math.floor((text.length - 1) / (BATCH * config.context));
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    const starts = Array.from({ length: BATCH }, (_, i) => (round * BATCH + i) * config.context);
    const { tokens, targets } = windows(text, starts);
    sum += pass.loss(tokens, targets);
  }
  return sum / rounds;
}

function randomStarts(text, seed, step) {
  const places = new Float64Array(BATCH);
  fillUniform(places, [seed, 1, step]);
  return Array.from(places, (place) => Math.floor(place * (text.length - config.context)));
}

function windows(text, starts) {
  const cut = (shift) => starts.flatMap((at) => Array.from(text.subarray(at + shift, at + shift + config.context)));
  return { tokens: Int32Array.from(cut(0)), targets: Int32Array.from(cut(1)) };
}
