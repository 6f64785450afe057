/**
 * Contestant of this repository: for every line on standard input, `step` (training) or `pass` (forward and backward), writes a line of
 * JSON, `{ ms }`. Its first line has its memory. Usage: node ours.js '{"engine":"wasm","threads":2,"width":128}'
 */
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { createOptimizer, linalgBackend, plan } from "@sumo/core";
import { createWasmEngine } from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";
import { createLlama, planLlama } from "@sumo/llama";
import { BATCH, data, LAYERS, LENGTH, RANK } from "./task.js";

const { engine: kind, threads, width, perLayer = true } = JSON.parse(process.argv[2]);
const heap = { bytes: 2 ** 31, shared: true };
const engine = kind === "native" ? createNativeEngine(heap) : createWasmEngine(heap);
const model = createLlama({ dim: width, layers: LAYERS, heads: width / 32, context: LENGTH }, { engine });
const hidden = new Set(model.parameters.filter(({ kind }) => kind === "hidden").map((parameter) => parameter.name));
const groups = [
  { optimizer: "sumo", lr: 2e-3, rank: RANK, match: (parameter) => hidden.has(parameter.name) },
  { optimizer: "adamw", lr: 1e-3 },
];
const optimizer = createOptimizer(model.parameters, groups, { backend: linalgBackend(engine) });
const { tokens, targets } = data();
const workers = Array.from({ length: threads - 1 }, () => new Worker(new URL("worker.js", import.meta.url)));
const pass =
  threads === 1 ? model.createPass(BATCH, LENGTH) : await model.createThreadedPass(BATCH, LENGTH, { workers });

/** Buffers of all gradients, if they are not used layer by layer, for the comparison of memory. */
const kept = perLayer ? undefined : new Map(model.parameters.map((p) => [p.name, engine.heap.float32(p.data.length)]));

function step() {
  const update = (parameter, gradient) => optimizer.stepParameter(parameter, gradient);
  const keep = (parameter, gradient) => kept.get(parameter).set(gradient);
  pass.backward(tokens, targets, kept === undefined ? update : keep);
  for (const [parameter, gradient] of kept ?? []) update(parameter, gradient);
}

const work = { step, pass: () => pass.backward(tokens, targets, () => {}) };

step();
step();
const state = plan(model.parameters, groups);
const llama = planLlama(model.config, { batch: BATCH, length: LENGTH, threads });
const { stateBytes, workspaceBytes } = state;
const planBytes = Object.values(llama).reduce((sum, bytes) => sum + bytes) + stateBytes + workspaceBytes;
console.log(JSON.stringify({ peakBytes: engine.heap.peakBytes, planBytes, ...llama, stateBytes, workspaceBytes }));
for await (const name of createInterface({ input: process.stdin })) {
  const start = performance.now();
  work[name]();
  console.log(JSON.stringify({ ms: performance.now() - start }));
}
process.exit();
