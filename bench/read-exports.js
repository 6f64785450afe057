// Reads back what the trainer exports with an independent reader: PyTorch in float64, exported_model.py.
// After `turbo run build`: node bench/read-exports.js [--full]. Needs Debian's python3-torch (another python3: PYTHON=path).
//
// Random models of each kind are fine-tuned on conversations, exported whole and as an adapter of full rank, or of LoRA's. Fails unless the reader finds the same
// logits in the whole model, and the same losses in the base, in the base with the adapter, and in the tuned model. `--full` adds a model of SmolLM-135M's
// shape, in bfloat16, with an adapter of rank 64: it takes about ten minutes and 4 GB of disk, is talked with, and must stay within the announced memory.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWasmEngine } from "@sumo/linalg";
import { bytesFile, createLlama, fromHuggingFaceConfig, planLlama } from "@sumo/llama";
import {
  CHATML_MARKS,
  chatFormat,
  createConversations,
  createTokenizer,
  emptyBatch,
  formatTokenizer,
  parseExamples,
  RESERVE_BYTES,
  trainBpe,
} from "@sumo/training";
import { publish } from "./published-model.js";
import { SMOLLM_135M } from "./smollm-135m.js";
import { trainer } from "./trainer-process.js";

const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
const READER = fileURLToPath(new URL("exported_model.py", import.meta.url));
const CONTEXT = 48;
/** Largest difference of a logit, relative to the largest of its position. */
const LOGITS = 1e-4;
/** Nats between a loss that the trainer prints, to four digits, and the reader's. */
const LOSS = 2e-4;
/** Nats between the base with an adapter of full rank and the tuned model. */
const ADAPTED = 0.005;

const SMALL = {
  vocab_size: 320,
  hidden_size: 48,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 80,
  max_position_embeddings: 4096,
  rope_theta: 10_000,
  rms_norm_eps: 1e-5,
};
const scaling = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };
const KINDS = {
  "LLaMA, tied": { model_type: "llama", tie_word_embeddings: true },
  "Llama 3": { model_type: "llama", rope_scaling: { rope_type: "llama3", ...scaling } },
  Mistral: { model_type: "mistral", sliding_window: null, head_dim: 16 },
  Qwen2: { model_type: "qwen2", tie_word_embeddings: true },
  Qwen3: { model_type: "qwen3", head_dim: 20 },
};
const STEPS = "--batch 4 --steps 60 --lr 0.01";
/** Runs of which an adapter holds the whole change: of full rank, or LoRA's. */
const SMALL_RUNS = [
  ...Object.entries(KINDS).map(([kind, keys]) => {
    return { kind, config: { ...SMALL, ...keys }, options: `${STEPS} --aux-lr 0.01`, rank: SMALL.hidden_size };
  }),
  {
    kind: "LLaMA by LoRA",
    config: { ...SMALL, model_type: "llama" },
    options: `${STEPS} --method lora --rank 8`,
    rank: 8,
  },
];
const LARGE_RUN = {
  kind: "SmolLM-135M's shape",
  config: SMOLLM_135M,
  options: "--batch 1 --steps 20 --rank 64 --state-bits 8 --threads 1",
  rank: 64,
};

const conversations = Array.from({ length: 400 }, (_, i) => {
  const [n, d] = [(i * 37) % 100, (i * 7) % 10];
  const messages = [
    { role: "user", content: `What is ${n} + ${d}?` },
    { role: "assistant", content: `It is ${n + d}.` },
  ];
  return JSON.stringify({ messages });
}).join("\n");
const tokenizer = createTokenizer(trainBpe([new TextEncoder().encode(conversations)], 300), CHATML_MARKS);

const root = mkdtempSync(join(tmpdir(), "read-exports-"));
let failed = false;
try {
  for (const run of SMALL_RUNS) report(run);
  if (process.argv.includes("--full")) report(LARGE_RUN);
} finally {
  rmSync(root, { recursive: true });
}
if (failed) process.exitCode = 1;

/** Fine-tunes a model, exports it in both forms, reads both back, and prints what was found. */
function report(run) {
  const { kind, config, options, rank } = run;
  const folder = mkdtempSync(join(root, "model-"));
  const file = (name) => join(folder, name);
  publish(file("base"), config, { "tokenizer.json": formatTokenizer(tokenizer) });
  writeFileSync(file("chats.jsonl"), conversations);
  const train = (words, input) => trainer(folder, words.split(" "), input);
  const measured = "--eval-tokens 200 --final-tokens 200";
  const tuned = train(`--init base --data chats.jsonl --context ${CONTEXT} ${options} ${measured} --name tuned`);
  train("export tuned whole");
  const { out } = train(`export-adapter base tuned adapter --rank ${rank}`);
  const printed = /base ([\d.]+), with the adapter ([\d.]+), tuned ([\d.]+) nats/.exec(out).slice(1).map(Number);

  const windows = heldOut(200);
  writeFileSync(file("logits"), logitsOf(file("whole"), windows[0].tokens));
  const read = (model, adapter) => readBack({ folder: file(model), adapter, windows, logits: null });
  const whole = readBack({ folder: file("whole"), adapter: null, windows, logits: file("logits") });
  const losses = [read("base", null), read("base", file("adapter")), whole].map(({ loss }) => loss);

  console.log(`${kind}: base, base with adapter, tuned`);
  console.log(`  trainer ${printed.map((loss) => loss.toFixed(4)).join(", ")} nats a token`);
  console.log(`  PyTorch ${losses.map((loss) => loss.toFixed(4)).join(", ")}`);
  check("logits differ by", whole.error, LOGITS);
  // Rounding of the exported weights to bfloat16 is no fault of the export: there the tuned model's loss is not the run's.
  const exact = config.torch_dtype === "bfloat16" ? 2 : 3;
  check("losses differ by", Math.max(...losses.slice(0, exact).map((loss, i) => Math.abs(loss - printed[i]))), LOSS);
  if (run !== LARGE_RUN) check("the adapter leaves out", Math.abs(losses[1] - losses[2]), ADAPTED);
  if (run === LARGE_RUN) {
    const limit = 1.25 * tuned.planned + 250e6;
    check(`planned ${Math.round(tuned.planned / 1e6)} MB; peak of the process in MB`, tuned.peak / 1e6, limit / 1e6);
    console.log(
      `  asked "What is 3 + 4?", it says ${JSON.stringify(train("chat tuned --length 8", "What is 3 + 4?\n").out)}`,
    );
  }
  rmSync(folder, { recursive: true });
}

function check(what, value, limit) {
  const holds = value <= limit; // NaN does not
  failed ||= !holds;
  console.log(
    `  ${what} ${Number(value.toPrecision(3))}, allowed ${Number(limit.toPrecision(3))}${holds ? "" : ": FAILED"}`,
  );
}

/** The held-out windows that the trainer measures `count` tokens on. */
function heldOut(count) {
  const format = chatFormat({}, tokenizer);
  const examples = parseExamples(conversations, "chats.jsonl");
  const sequences = createConversations(examples, { tokenizer, format, context: CONTEXT, loss: "completion" });
  const shape = { batch: 1, length: CONTEXT };
  const batch = emptyBatch(shape);
  return Array.from(sequences.heldOut(batch, shape, count), () => {
    return { tokens: [...batch.tokens], targets: [...batch.targets] };
  });
}

/** Our logits of an exported model, a row for each token. */
function logitsOf(folder, tokens) {
  const config = fromHuggingFaceConfig(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")));
  const { weightBytes } = planLlama(config, { batch: 1, length: 1 });
  const engine = createWasmEngine({ bytes: weightBytes + 2 * RESERVE_BYTES });
  const weights = [bytesFile(readFileSync(join(folder, "model.safetensors")))];
  const decoder = createLlama(config, { engine, weights }).createDecoder(tokens.length);
  const rows = tokens.map((token) => decoder.feed(Int32Array.of(token)).slice());
  return Buffer.concat(rows.map(({ buffer }) => Buffer.from(buffer)));
}

function readBack(request) {
  const { stdout, stderr } = spawnSync(PYTHON, [READER], { input: JSON.stringify(request), encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
