// Records the singular values of SUMO's moment during training. After `turbo run build`: node bench/moment-spectrum.js
// Writes bench/results/moment-spectrum.json: singular values of the orthogonalized matrix, to three digits, by hidden matrix and step.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { mobyDick } from "./moby-dick.js";

const STEPS = 400;
const { hidden, trainedLoss } = mobyDick({ steps: STEPS });
const RECORDED = [0, 1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 350, STEPS - 1];
const RANK = 32;
const REFRESH_EVERY = 50;
const LR = 2e-3;

const spectra = new Map(hidden.map(({ name }) => [name, []]));
const loss = trainedLoss({ optimizer: "sumo", rank: RANK, refresh: { every: REFRESH_EVERY } }, LR, 0, (optimizer) =>
  optimizer.on("step", ({ parameter, step, spectrum }) => {
    if (RECORDED.includes(step)) spectra.get(parameter)?.push(Array.from(spectrum, (s) => Number(s.toPrecision(3))));
  }),
);

const parameters = hidden.map(({ name, shape }) => ({ name, shape, spectra: spectra.get(name) }));
const result = {
  machine: `${cpus()[0].model}, Node ${process.versions.node}`,
  steps: STEPS,
  rank: RANK,
  refreshEvery: REFRESH_EVERY,
  lr: LR,
  loss: Number(loss.toFixed(4)),
  recorded: RECORDED,
  parameters,
};
// One spectrum a line, for readable diffs.
const text = JSON.stringify(result, undefined, 1).replaceAll(
  /\[\s+([-\d.e,\s]+?)\s+\]/g,
  (_, numbers) => `[${numbers.replaceAll(/\s+/g, "")}]`,
);
writeFileSync(new URL("results/moment-spectrum.json", import.meta.url), `${text}\n`);
console.log(`${hidden.length} matrices at ${RECORDED.length} steps; validation loss ${loss.toFixed(4)}`);
