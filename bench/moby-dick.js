// Training task of several measurements: Moby Dick by bytes; a LLaMA of 2 layers, context 64, heads of 32; cosine to a tenth after a warm-up
// of a twentieth of the steps; embeddings, norms and head always get AdamW at 3e-3.
import { cosine, createOptimizer, linalgBackend, plan } from "@sumo/core";
import { createWasmEngine, fillUniform } from "@sumo/linalg";
import { createLlama, llamaConfig, parameterShapes } from "@sumo/llama";
import { createCorpus, createTokenizer } from "@sumo/training";
import { readText } from "@sumo/training/text";

export const CONTEXT = 64;
const corpus = createCorpus(readText("moby-dick").bytes, createTokenizer([]), CONTEXT);

/**
 * The task at one size.
 *
 * @param settings.width - of the model, a multiple of 32.
 * @param settings.batch - sequences a step.
 * @param settings.heldOut - tokens of the held-out text on which the loss is measured; all of them by default.
 */
export function mobyDick({ width = 128, batch = 16, steps = 400, heldOut = corpus.validation.length - 1 } = {}) {
  const config = llamaConfig({ vocabSize: 256, dim: width, layers: 2, heads: width / 32, context: CONTEXT });
  const shapes = parameterShapes(config);
  const hidden = shapes.filter(({ kind }) => kind === "hidden");
  const names = new Set(hidden.map(({ name }) => name));

  function groups({ others = {}, ...options }, lr, seed) {
    const schedule = (peak) => cosine({ peak, warmup: steps / 20, total: steps, final: 0.1 });
    return [
      { ...options, ...(options.optimizer === "sumo" && { seed }), lr: schedule(lr), match: (p) => names.has(p.name) },
      { optimizer: "adamw", beta2: 0.99, lr: schedule(3e-3), ...others },
    ];
  }

  /**
   * A new model with `options` on its hidden matrices; `options.others` are AdamW's, of the other parameters. `step` takes the next step, `loss`
   * measures the mean loss on the held-out text in nats a byte.
   */
  function start(options, lr, seed) {
    const engine = createWasmEngine();
    const model = createLlama(config, { engine, seed });
    const pass = model.createPass(batch, CONTEXT);
    const optimizer = createOptimizer(model.parameters, groups(options, lr, seed), { backend: linalgBackend(engine) });
    let taken = 0;
    const step = () => {
      const { tokens, targets } = windows(corpus.train, randomStarts(corpus.train, batch, seed, taken++));
      pass.backward(tokens, targets, (name, gradient) => optimizer.stepParameter(name, gradient));
    };
    return { optimizer, step, loss: () => validationLoss(pass, batch, heldOut) };
  }

  return {
    hidden,
    start,
    /** Bytes of state of the whole model, and of its hidden matrices alone. */
    stateBytes(options) {
      const { parameters, stateBytes } = plan(shapes, groups(options, 1, 0));
      const ofHidden = parameters.filter(({ name }) => names.has(name));
      return { whole: stateBytes, hidden: ofHidden.reduce((sum, one) => sum + one.stateBytes, 0) };
    },
    /**
     * Trains one model. Returns its loss.
     *
     * @param watch - called with the optimizer before the first step.
     */
    trainedLoss(options, lr, seed, watch = () => {}) {
      const { optimizer, step, loss } = start(options, lr, seed);
      watch(optimizer);
      for (let t = 0; t < steps; t++) step();
      return loss();
    },
  };
}

function validationLoss(pass, batch, heldOut) {
  const rounds = Math.floor(heldOut / (batch * CONTEXT));
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    const starts = Array.from({ length: batch }, (_, i) => (round * batch + i) * CONTEXT);
    const { tokens, targets } = windows(corpus.validation, starts);
    sum += pass.loss(tokens, targets);
  }
  return sum / rounds;
}

function randomStarts(text, batch, seed, step) {
  const places = new Float64Array(batch);
  fillUniform(places, [seed, 1, step]);
  return Array.from(places, (place) => Math.floor(place * (text.length - CONTEXT)));
}

function windows(text, starts) {
  const cut = (shift) => starts.flatMap((at) => Array.from(text.subarray(at + shift, at + shift + CONTEXT)));
  return { tokens: Int32Array.from(cut(0)), targets: Int32Array.from(cut(1)) };
}
