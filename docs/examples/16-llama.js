// # A language model that learns a proverb
//
// A small LLaMA reads bytes. Back-propagation hands out one layer's gradients at a time; SUMO takes the hidden
// matrices, AdamW the embedding and the norms. After a hundred steps over one sentence the model knows it by heart, and
// says it.

import { cosine, createOptimizer } from "@sumo/core";
import { chooseToken, createLlama } from "@sumo/llama";

const text = "A journey of a thousand miles begins with a single step. ";
const bytes = new TextEncoder().encode(text + text);
const [length, steps] = [text.length, 100];
const model = createLlama({ dim: 32, layers: 2, heads: 2, context: 2 * length }, { seed: 1 });

const lr = cosine({ peak: 0.02, warmup: 5, total: steps });
const kinds = new Map(model.parameters.map(({ name, kind }) => [name, kind]));
const optimizer = createOptimizer(model.parameters, [
  { match: ({ name }) => kinds.get(name) === "hidden", optimizer: "sumo", lr, rank: 8, layout: "out-in" },
  { optimizer: "adamw", lr },
]);

const pass = model.createPass(1, length);
const tokens = Int32Array.from(bytes.subarray(0, length));
const targets = Int32Array.from(bytes.subarray(1, length + 1));
for (let step = 0; step <= steps; step++) {
  const loss = pass.backward(tokens, targets, (name, gradient) => optimizer.stepParameter(name, gradient));
  if (step % 20 === 0) console.log(`step ${step}: ${loss.toFixed(2)} nats a byte`);
}

const decoder = model.createDecoder(); // caches keys and values
let logits = decoder.feed(Int32Array.from(bytes.subarray(0, 10)));
let said = text.slice(0, 10);
while (said.length < length) {
  const token = chooseToken(logits, { temperature: 0 }, 0);
  said += String.fromCharCode(token);
  logits = decoder.feed(Int32Array.of(token));
}
console.log(said);
