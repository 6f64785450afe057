// Peak memory of fine-tuning a model of SmolLM-135M's shape, beside what the trainer plans, for several optimizers.
// After `turbo run build`: node bench/fine-tuning-memory.js [--save]. About two minutes a row on two cores; needs 2 GB of disk.
//
// The weights are random, in bfloat16: memory does not depend on them. Each row is a process of its own that loads the model, makes two steps of one
// window of 256 tokens, measures its validation loss and saves three checkpoints; its peak is what the system counted (`maxRSS`).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publish } from "./published-model.js";
import { SMOLLM_135M } from "./smollm-135m.js";
import { trainer } from "./trainer-process.js";

const RESULTS = new URL("results/fine-tuning-memory.json", import.meta.url);
const RUN = "--data text.txt --init model --context 256 --batch 1 --threads 1 --steps 2 --checkpoint-every 1";
const MEASURED = "--eval-tokens 256 --final-tokens 256 --length 3";
const ROWS = [
  "--optimizer sumo --rank 64 --state-bits 8 --weights bf16",
  "--optimizer sumo --rank 64 --state-bits 8 --train hidden",
  "--optimizer sumo --rank 64 --state-bits 8",
  "--optimizer sumo --rank 64",
  "--optimizer adamw --state-bits 8 --weights bf16",
  "--optimizer adamw --state-bits 8",
  "--optimizer adamw",
  "--method lora --rank 16 --optimizer sumo",
  "--method lora --rank 16 --optimizer adamw",
];

const folder = mkdtempSync(join(tmpdir(), "fine-tuning-memory-"));
try {
  publish(join(folder, "model"), SMOLLM_135M);
  writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(400));
  const rows = ROWS.map(measured);
  for (const { options, planned, peak } of rows) {
    console.log(`${options}: planned ${megabytes(planned)}, peak ${megabytes(peak)}`);
  }
  if (process.argv.includes("--save")) {
    const node = process.versions.node.split(".").slice(0, 2).join(".");
    writeFileSync(RESULTS, `${JSON.stringify({ node, model: SMOLLM_135M, run: RUN, rows }, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Runs the trainer once; its planned and its largest memory, in bytes. */
function measured(options) {
  const { planned, peak } = trainer(folder, `${RUN} ${MEASURED} ${options} --runs runs --name a`.split(" "));
  rmSync(join(folder, "runs"), { recursive: true });
  return { options, planned, peak };
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
