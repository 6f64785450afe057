import { createOptimizer, OptimizerError, peftAdapter, peftFiles, readSafetensors, writeSafetensors } from "@sumo/core";
import {
  bytesFile,
  createLlama,
  fromHuggingFaceConfig,
  LlamaError,
  loadWeights,
  shardNames,
  toHuggingFaceConfig,
} from "@sumo/llama";
import {
  CHATML_MARKS,
  chatFormat,
  createTokenizer,
  formatConfig,
  formatManifest,
  formatTokenizer,
  parseConfig,
  parseExamples,
  parseLog,
  parseManifest,
  parseTokenizer,
  TrainingError,
  trainBpe,
} from "@sumo/training";
import { mutatedBytes, mutatedJson, mutatedText } from "./mutate.js";

/** Errors that a damaged file may end in. */
const EXPECTED = [TrainingError, OptimizerError, LlamaError];
export const isExpected = (error) => EXPECTED.some((kind) => error instanceof kind);

const encode = (text) => new TextEncoder().encode(text);
const config = { vocabSize: 20, dim: 4, layers: 1, heads: 2, context: 8, hidden: 4 };
const model = createLlama(config);
const tensorsOf = ({ parameters }) =>
  Object.fromEntries(parameters.map(({ name, shape, data }) => [name, { shape, data }]));
const weights = writeSafetensors(tensorsOf(model), { format: "pt" });
const hf = {
  ...toHuggingFaceConfig(model.config),
  rope_scaling: {
    rope_type: "llama3",
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8,
  },
};
const options = { optimizer: "sumo", lr: 0.1, rank: 2 };
const matrix = { name: "w", shape: [4, 6], data: new Float32Array(24).fill(1) };
const optimizer = createOptimizer([matrix], options);
optimizer.stepParameter(
  "w",
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
);
const q = { shape: [4, 4], a: new Float32Array(8).fill(1), b: new Float32Array(8), rank: 2, energyKept: 1 };
const adapter = peftFiles(
  { "model.layers.0.self_attn.q_proj.weight": q, "model.layers.0.self_attn.k_proj.weight": q },
  { baseModel: "base", weights: { "model.norm.weight": { shape: [4], data: new Float32Array(4) } } },
);
const said = "What is 3 + 4? It is 7. The white whale.";
const tokenizer = createTokenizer(trainBpe([encode(said)], 262), CHATML_MARKS);
const learned = formatTokenizer(tokenizer);
const template =
  "{%- set ns = namespace(n=0) -%}{%- for message in messages -%}{%- if message.role == 'system' -%}{{ bos_token }}{%- elif loop.last and not add_generation_prompt -%}{{ message['content'] | trim | upper }}{%- else -%}{{ '<|im_start|>' ~ message.role + '\\n' + message.content.split('x')[-1] ~ '<|im_end|>\\n' }}{%- endif -%}{%- set ns.n = ns.n + 1 -%}{%- endfor -%}{%- for i in range(2) -%}{{ i }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";
const data = { source: "text.txt", bytes: 3, digest: "0" };
const run = formatConfig({ options: { data: "text.txt", steps: 2, optimizer: "sumo" }, data, model: model.config });

/** A tokenizer that was published: byte-level, or on characters with ▁ for a space. */
function published(kind) {
  const bytes = JSON.parse(learned);
  if (kind === "bytes") {
    bytes.pre_tokenizer = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
    return JSON.stringify(bytes);
  }
  const hex = (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  const pieces = [
    "<unk>",
    "<s>",
    "</s>",
    ...Array.from({ length: 256 }, (_, byte) => hex(byte)),
    "▁",
    "a",
    "b",
    "▁a",
    "ab",
  ];
  return JSON.stringify({
    added_tokens: [{ id: 1, content: "<s>", special: true }],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A" } }],
    },
    decoder: null,
    model: {
      type: "BPE",
      byte_fallback: true,
      vocab: Object.fromEntries(pieces.map((piece, i) => [piece, i])),
      merges: ["▁ a", "a b"],
    },
  });
}

/** A safetensors file with another header, or with other bytes. */
function mutatedTensors(file, random) {
  if (random(3) === 0) return mutatedBytes(file, random);
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = encode(mutatedJson(new TextDecoder().decode(file.subarray(8, 8 + length)), random));
  const out = new Uint8Array(8 + header.length + file.length - 8 - length);
  new DataView(out.buffer).setBigUint64(0, BigInt(header.length), true);
  out.set(header, 8);
  out.set(file.subarray(8 + length), 8 + header.length);
  return out;
}

const json = (text, parse) => ({
  whole: text,
  make: (random) => (random(6) === 0 ? mutatedText(text, random) : mutatedJson(text, random)),
  parse,
});
/** What is left of a JSON text that its reader parses before. */
const parsed = (parse) => (text) => {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  parse(value);
};
const tensors = (file, parse) => ({ whole: file, make: (random) => mutatedTensors(file, random), parse });
const useTokenizer = (text) => {
  const made = parseTokenizer(text, "tokenizer.json");
  made.decode(made.encode(encode("ab a\u00e9 3+4 <s>")));
};
const messages = [
  { role: "system", content: "Be kind." },
  { role: "user", content: "Hi x" },
  { role: "assistant", content: "Yes" },
];

/** The parsers of users' files: `make` gives a mutated file, which `parse` reads as it reads the `whole` one. */
export const PARSERS = {
  "safetensors, all at once": tensors(weights, readSafetensors),
  "safetensors, into a model": tensors(weights, (file) => loadWeights(model, [bytesFile(file)])),
  "optimizer.safetensors": tensors(optimizer.save(), (file) => optimizer.load(file)),
  "model.safetensors.index.json": json(
    JSON.stringify({ metadata: { total_size: 8 }, weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } }),
    parsed(shardNames),
  ),
  "config.json": json(JSON.stringify(hf), parsed(fromHuggingFaceConfig)),
  "config.json of a run": json(run, (text) => parseConfig(text, "config.json")),
  "checkpoint.json": json(
    formatManifest({
      step: 1,
      config: "0",
      tokenizer: "1",
      log: { bytes: 3, digest: "2" },
      model: "3",
      optimizer: "4",
    }),
    (text) => parseManifest(text, "checkpoint.json"),
  ),
  "log.jsonl": json('{"step":1,"seconds":2}', (text) => parseLog(`${text}\n`, "log.jsonl")),
  "tokenizer.json, of the trainer": json(learned, useTokenizer),
  "tokenizer.json, byte-level": json(published("bytes"), useTokenizer),
  "tokenizer.json, on characters": json(published("characters"), useTokenizer),
  "chat template": {
    whole: template,
    make: (random) => mutatedText(template, random),
    parse: (text) => chatFormat({ "chat_template.jinja": text }, tokenizer).render(messages, true),
  },
  "tokenizer_config.json": json(
    JSON.stringify({
      bos_token: { content: "<|im_start|>" },
      eos_token: "<|im_end|>",
      chat_template: template,
      add_bos_token: true,
    }),
    (text) => chatFormat({ "tokenizer_config.json": text }, tokenizer).render(messages, false),
  ),
  "generation_config.json": json('{"eos_token_id":[1,2]}', (text) =>
    chatFormat({ "generation_config.json": text }, tokenizer),
  ),
  "examples.jsonl": {
    whole: '{"text":"a"}',
    make: (random) =>
      [{ messages }, { prompt: "a", completion: "b" }, { text: "c" }]
        .map((example) => (random(2) === 0 ? mutatedJson(JSON.stringify(example), random) : JSON.stringify(example)))
        .join("\n"),
    parse: (text) => parseExamples(text, "examples.jsonl"),
  },
  "adapter_config.json": json(adapter["adapter_config.json"], (text) =>
    peftAdapter({ ...adapter, "adapter_config.json": text }),
  ),
  "adapter_model.safetensors": tensors(adapter["adapter_model.safetensors"], (file) =>
    peftAdapter({ ...adapter, "adapter_model.safetensors": file }),
  ),
};
