// Peak memory of fine-tuning a model of SmolLM-135M's shape, beside what the trainer plans, for several optimizers.
// After `turbo run build`: node bench/fine-tuning-memory.js [--save]. About two minutes a row on two cores; needs 2 GB of disk.
//
// The weights are random, in bfloat16: memory does not depend on them. Each row is a process of its own that loads the model, makes two steps of one
// window of 256 tokens, measures its validation loss and saves three checkpoints; its peak is what the system counted (`maxRSS`).
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { safetensorsPieces } from "@sumo/core";
import { fillNormal } from "@sumo/linalg";
import { fromHuggingFaceConfig, parameterShapes } from "@sumo/llama";

const RESULTS = new URL("results/fine-tuning-memory.json", import.meta.url);
const TRAINER = fileURLToPath(new URL("../apps/trainer/dist/cli.js", import.meta.url));
const WATCH =
  'data:text/javascript,import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(process.env.PEAK,String(1024*process.resourceUsage().maxRSS)))';

const CONFIG = {
  model_type: "llama",
  vocab_size: 49_152,
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
};
const RUN = "--data text.txt --init model --context 256 --batch 1 --threads 1 --steps 2 --checkpoint-every 1";
const MEASURED = "--eval-tokens 256 --final-tokens 256 --length 3";
const ROWS = [
  "--optimizer sumo --rank 64 --state-bits 8 --train hidden",
  "--optimizer sumo --rank 64 --state-bits 8",
  "--optimizer sumo --rank 64",
  "--optimizer adamw",
];

const folder = mkdtempSync(join(tmpdir(), "fine-tuning-memory-"));
try {
  publish(join(folder, "model"));
  writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(400));
  const rows = ROWS.map(measured);
  for (const { options, planned, peak } of rows) {
    console.log(`${options}: planned ${megabytes(planned)}, peak ${megabytes(peak)}`);
  }
  if (process.argv.includes("--save")) {
    const node = process.versions.node.split(".").slice(0, 2).join(".");
    writeFileSync(RESULTS, `${JSON.stringify({ node, model: CONFIG, run: RUN, rows }, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Writes a model of random weights in Hugging Face's layout. */
function publish(path) {
  mkdirSync(path);
  writeFileSync(join(path, "config.json"), JSON.stringify(CONFIG));
  const entries = parameterShapes(fromHuggingFaceConfig(CONFIG)).map(({ name, shape, kind }, stream) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1);
    if (kind !== "norm") {
      fillNormal(data, [0, stream, 0]);
      for (let i = 0; i < data.length; i++) data[i] *= 0.02;
    }
    return [name, { shape, data, dtype: "BF16" }];
  });
  const file = openSync(join(path, "model.safetensors"), "w");
  for (const piece of safetensorsPieces(Object.fromEntries(entries))) writeSync(file, piece);
  closeSync(file);
}

/** Runs the trainer once; its planned and its largest memory, in bytes. */
function measured(options) {
  const words = `${RUN} ${MEASURED} ${options} --runs runs --name a`.split(" ");
  const env = { ...process.env, INIT_CWD: folder, NO_COLOR: "1", PEAK: join(folder, "peak") };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", WATCH, TRAINER, ...words], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  rmSync(join(folder, "runs"), { recursive: true });
  const [, size, unit] = /([\d.]+) ([MG])B in all, state included/.exec(stdout);
  return { options, planned: Number(size) * (unit === "G" ? 1e9 : 1e6), peak: Number(readFileSync(env.PEAK, "utf8")) };
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
