import type { Framework, Place } from "./recommend.ts";

/** Text to copy, with its language for the highlighting and for readers. */
export interface Program {
  readonly install: string;
  readonly language: "ts" | "sh";
  readonly code: string;
}

/** Classes of `@sumo/tfjs`. */
const CLASSES: Readonly<Record<string, string>> = {
  sumo: "SumoOptimizer",
  muon: "MuonOptimizer",
  galore: "GaLoreOptimizer",
  adamw: "AdamWOptimizer",
};

/** What to install and write to use a place's optimizer. Programs run as they stand, with a small weight for the user's own. */
export function programOf({ options, lr }: Place, framework: Framework): Program {
  switch (framework) {
    case "my own loop":
      return { install: install(["linalg", "core"]), language: "ts", code: ownLoop(options, lr) };
    case "tfjs":
      return { install: install(["linalg", "core", "tfjs"], "@tensorflow/tfjs"), language: "ts", code: tfjs(options) };
    case "jax-js":
      return { install: install(["linalg", "core", "jax"], "@jax-js/jax"), language: "ts", code: jax(options) };
    case "the trainer":
      return { install: "npx -y pnpm@12.21.0 install", language: "sh", code: command(options, lr) };
    default:
      return framework satisfies never;
  }
}

const install = (packages: readonly string[], ...frameworks: readonly string[]): string =>
  ["npm install", ...packages.map((name) => `../sumo/tarballs/sumo-${name}.tgz`), ...frameworks].join(" ");

/** Options as they are written in a program, a line each; a subspace's period depends on the number of steps. */
function lines(options: Place["options"], indent: string, without: readonly string[] = []): string {
  const entries = Object.entries(options).filter(([name]) => !["others", ...without].includes(name));
  return entries
    .map(([name, value]) => `${indent}${name}: ${name === "refresh" ? PERIOD : JSON.stringify(value)},\n`)
    .join("");
}

/** Options of AdamW for the other parameters. */
function others({ others = {} }: Place["options"]): string {
  return Object.entries(others)
    .map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`)
    .join("");
}

const PERIOD = "{ every: steps / 8 }";

const stepsOf = (options: Place["options"]): string => ("refresh" in options ? "const steps = 1600;\n" : "");

function ownLoop(options: Place["options"], lr: number): string {
  return `import { cosine, createOptimizer } from "@sumo/core";

const steps = 1600;
const schedule = (peak: number) =>
  cosine({ peak, warmup: steps / 20, total: steps, final: 0.1 });
const data = new Float32Array(64 * 32);
const optimizer = createOptimizer(
  [{ name: "layers.0.up", shape: [64, 32], data }], // your weights
  [
    {
      match: /^layers.*(up|down)$/, // your hidden matrices
      lr: schedule(${lr}),
${lines(options, "      ")}    },
    { optimizer: "adamw", beta2: 0.99, lr: schedule(3e-3)${others(options)} },
  ],
);
const gradient = new Float32Array(64 * 32).fill(1); // of your loop
optimizer.stepParameter("layers.0.up", gradient);
console.log(optimizer.report().stateBytes);
`;
}

function tfjs(options: Place["options"]): string {
  const name = CLASSES[options.optimizer]!;
  return `import * as tf from "@tensorflow/tfjs";
import { ${name} } from "@sumo/tfjs";

const { dense } = tf.layers;
const model = tf.sequential({
  layers: [
    dense({ units: 16, activation: "relu", inputShape: [8] }),
    dense({ units: 1 }),
  ],
});
${stepsOf(options)}const optimizer = new ${name}({
  lr: 0.001, // the rate of tf.train.adam
${lines(options, "  ", ["optimizer"])}});
model.compile({ optimizer, loss: "meanSquaredError" });
const [x, y] = [tf.ones([4, 8]), tf.ones([4, 1])]; // your data
await model.fit(x, y, { epochs: 2, verbose: 0 });
console.log(optimizer.report().stateBytes);
`;
}

function jax(options: Place["options"]): string {
  return `import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
import { applyUpdates, transformation } from "@sumo/jax";

await init("wasm");
defaultDevice("wasm");
let params = { kernel: np.zeros([8, 16]) }; // your parameters
${stepsOf(options)}const solver = transformation({
  lr: 0.001, // Adam's rate
${lines(options, "  ")}});
const state = solver.init(tree.ref(params));
const grads = { kernel: np.ones([8, 16]) }; // of your loss
const [updates, next] = solver.update(grads, state, tree.ref(params));
params = applyUpdates(params, updates);
console.log(next.report().stateBytes);
`;
}

/** The trainer has a refresh period of its own, and packs AdamW's moments too where it packs the others. */
function command(options: Place["options"], lr: number): string {
  const flags = Object.entries(options).filter(([name]) => name !== "refresh" && name !== "others");
  const words = flags.map(
    ([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`,
  );
  return `npx -y pnpm@12.21.0 train ${words.join(" ")} --lr ${lr}`;
}
