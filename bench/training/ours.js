/**
 * Contestant of this repository: for every line on standard input, `step` (training), `pass` (forward and backward) or `sample` (tokens one after
 * the other), writes a line of JSON, `{ ms }`. Its first line has its memory. Usage: node ours.js '{"engine":"wasm","threads":2,"task":…}'
 */
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { createOptimizer, linalgBackend, plan } from "@sumo/core";
import { createWasmEngine } from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";
import { chooseToken, createLlama, fromHuggingFaceConfig, planLlama } from "@sumo/llama";
import { data, PROMPT, SAMPLED } from "./task.js";

const { engine: kind, threads, task, perLayer = true } = JSON.parse(process.argv[2]);
const heap = { bytes: 2 ** 31, shared: true };
const engine = kind === "native" ? createNativeEngine(heap) : createWasmEngine(heap);
const { batch, length, rank } = task;
const model = createLlama(fromHuggingFaceConfig(task.config), { engine });
const hidden = new Set(model.parameters.filter(({ kind }) => kind === "hidden").map((parameter) => parameter.name));
const groups = [
  { optimizer: "sumo", lr: 2e-3, rank, match: (parameter) => hidden.has(parameter.name) },
  { optimizer: "adamw", lr: 1e-3 },
];
const optimizer = createOptimizer(model.parameters, groups, { backend: linalgBackend(engine) });
const { tokens, targets } = data(task);
const workers = Array.from({ length: threads - 1 }, () => new Worker(new URL("worker.js", import.meta.url)));
const pass =
  threads === 1 ? model.createPass(batch, length) : await model.createThreadedPass(batch, length, { workers });

/** Buffers of all gradients, if they are not used layer by layer, for the comparison of memory. */
const kept = perLayer ? undefined : new Map(model.parameters.map((p) => [p.name, engine.heap.float32(p.data.length)]));

function step() {
  const update = (parameter, gradient) => optimizer.stepParameter(parameter, gradient);
  const keep = (parameter, gradient) => kept.get(parameter).set(gradient);
  pass.backward(tokens, targets, kept === undefined ? update : keep);
  for (const [parameter, gradient] of kept ?? []) update(parameter, gradient);
}

function sample() {
  const decoder = model.createDecoder(PROMPT + SAMPLED);
  let logits = decoder.feed(tokens.subarray(0, PROMPT));
  for (let i = 0; i < SAMPLED; i++) logits = decoder.feed(Int32Array.of(chooseToken(logits, { temperature: 0 }, 0)));
  decoder.dispose();
}

const work = { step, pass: () => pass.backward(tokens, targets, () => {}), sample };

step();
step();
const state = plan(model.parameters, groups);
const llama = planLlama(model.config, { batch, length, threads });
const { stateBytes, workspaceBytes } = state;
const planBytes = Object.values(llama).reduce((sum, bytes) => sum + bytes) + stateBytes + workspaceBytes;
console.log(JSON.stringify({ peakBytes: engine.heap.peakBytes, planBytes, ...llama, stateBytes, workspaceBytes }));
for await (const name of createInterface({ input: process.stdin })) {
  const start = performance.now();
  work[name]();
  console.log(JSON.stringify({ ms: performance.now() - start }));
}
process.exit();
