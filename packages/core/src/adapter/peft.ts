import { checkOptionNames } from "../algorithms/option-names.ts";
import { isRecord } from "../checkpoint/json.ts";
import { readSafetensors, writeSafetensors } from "../checkpoint/safetensors.ts";
import type { Tensor } from "../checkpoint/tensor.ts";
import { describe, OptimizerOptionError, ParameterError } from "../errors.ts";
import { type Adapter, type AdapterTensor, checkAdapter, checkTensor, type LowRankChange } from "./adapter.ts";

/** The two files that Hugging Face's PEFT loads as a LoRA adapter. */
export interface PeftFiles {
  readonly "adapter_model.safetensors": Uint8Array;
  readonly "adapter_config.json": string;
}

/** Options of an adapter in PEFT's layout. */
export interface PeftOptions {
  /** Name or path of the model that the adapter belongs to. */
  readonly baseModel: string;
  /** PEFT's name of the model's task. Default `"CAUSAL_LM"`. */
  readonly taskType?: string;
  /**
   * Weights that are written whole, by name: those of modules without an adapter, e.g. `model.norm.weight` (PEFT's `modules_to_save`), and
   * biases of modules with one. For a tied model give the embedding under the head's name too: PEFT unties them.
   */
  readonly weights?: Readonly<Record<string, AdapterTensor>>;
}

/** Changes of a model's weights by name, as {@link peftAdapter} reads them. */
export interface PeftAdapter {
  /** Changes to add to weights. */
  readonly changes: Readonly<Record<string, LowRankChange>>;
  /** Weights to replace. */
  readonly weights: Readonly<Record<string, AdapterTensor>>;
}

const PREFIX = "base_model.model.";
const [FACTOR_A, FACTOR_B, WEIGHT, BIAS, BASE_BIAS] = [
  ".lora_A.weight",
  ".lora_B.weight",
  ".weight",
  ".bias",
  ".base_layer.bias",
];

/**
 * Creates LoRA files for adapters by weight name, e.g. `model.layers.0.self_attn.q_proj.weight`. The scaling lora_alpha / r is 1, so that
 * merging adds b a unscaled; different ranks are written as patterns.
 *
 * @throws {ParameterError} for a name that does not end in `.weight`, if there are no adapters, or for a whole weight whose module has an
 * adapter, or a bias whose module has none.
 * @see PEFT's checkpoint format, https://huggingface.co/docs/peft/developer_guides/checkpoint
 */
export function peftFiles(adapters: Readonly<Record<string, Adapter>>, options: PeftOptions): PeftFiles {
  const { baseModel, taskType, weights } = checkedOptions(options);
  if (typeof adapters !== "object" || adapters === null) {
    throw new ParameterError("adapters", `expected an object of adapters by name, got ${describe(adapters)}`);
  }
  for (const [name, adapter] of Object.entries(adapters)) checkAdapter(name, adapter);
  const modules = Object.entries(adapters).map(([name, adapter]) => ({ module: moduleOf(name), ...adapter }));
  if (modules.length === 0) throw new ParameterError("adapters", "expected at least one");
  const tensors: Record<string, Tensor> = {};
  for (const { module, a, b, rank, shape } of modules) {
    tensors[`${PREFIX}${module}${FACTOR_A}`] = { shape: [rank, shape[1]], data: a };
    tensors[`${PREFIX}${module}${FACTOR_B}`] = { shape: [shape[0], rank], data: b };
  }
  const targets = modules.map(({ module }) => module);
  for (const [name, tensor] of Object.entries(weights)) tensors[keyOf(name, targets)] = tensor;
  const whole = Object.keys(weights).filter((name) => !name.endsWith(BIAS));
  const r = Math.max(...modules.map(({ rank }) => rank));
  const ranks = Object.fromEntries(modules.filter(({ rank }) => rank !== r).map(({ module, rank }) => [module, rank]));
  const config = {
    peft_type: "LORA",
    task_type: taskType,
    base_model_name_or_path: baseModel,
    r,
    lora_alpha: r,
    rank_pattern: ranks,
    alpha_pattern: ranks,
    target_modules: targets,
    ...(whole.length > 0 && { modules_to_save: whole.map(moduleOf) }),
    lora_dropout: 0,
    bias: whole.length === Object.keys(weights).length ? "none" : "all",
    fan_in_fan_out: false,
    inference_mode: true,
  };
  return {
    "adapter_model.safetensors": writeSafetensors(tensors, { format: "pt" }),
    "adapter_config.json": `${JSON.stringify(config, null, 2)}\n`,
  };
}

/**
 * Reads LoRA files: the inverse of {@link peftFiles}, for files of PEFT's too. Scalings lora_alpha / r, or lora_alpha / √r of `use_rslora`,
 * and patterns of them are in the changes' `b`.
 *
 * @throws {SafetensorsError} if the weights are damaged. @throws {ParameterError} for another kind of adapter than LoRA on linear layers, or
 * files that do not fit each other.
 */
export function peftAdapter(files: PeftFiles): PeftAdapter {
  const config = parseConfig(files?.["adapter_config.json"]);
  const { tensors } = readSafetensors(files["adapter_model.safetensors"]);
  const changes: Record<string, LowRankChange> = {};
  const weights: Record<string, AdapterTensor> = {};
  for (const [key, tensor] of Object.entries(tensors)) {
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : refuse(key, `a name that starts with ${PREFIX}`);
    const factor = [FACTOR_A, FACTOR_B].find((end) => name.endsWith(end));
    if (factor !== undefined) {
      const module = name.slice(0, -factor.length);
      const otherKey = PREFIX + module + (factor === FACTOR_A ? FACTOR_B : FACTOR_A);
      const other = tensors[otherKey] ?? refuse(key, `${otherKey} beside it`);
      if (factor === FACTOR_B) continue; // read with its other half
      changes[`${module}${WEIGHT}`] = scaled(
        key,
        single(key, tensor),
        single(key, other),
        alphaOf(config, module),
        config,
      );
    } else if (/\.lora_|\.base_layer\.(?!bias$)/.test(name)) refuse(key, "LoRA on linear layers alone");
    else weights[name.endsWith(BASE_BIAS) ? name.slice(0, -BASE_BIAS.length) + BIAS : name] = single(key, tensor);
  }
  if (Object.keys(changes).length + Object.keys(weights).length === 0) refuse("adapter_model.safetensors", "weights");
  return { changes, weights };
}

interface PeftConfig {
  readonly lora_alpha: number;
  readonly alpha_pattern?: Readonly<Record<string, number>> | null;
  readonly use_rslora?: boolean;
}

/** Settings under which b a is not the whole change, and their values where it is. */
const PLAIN = { peft_type: "LORA", use_dora: false, fan_in_fan_out: false, alora_invocation_tokens: null } as const;

function parseConfig(text: string): PeftConfig {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    refuse("adapter_config.json", "JSON");
  }
  if (!isRecord(config)) refuse("adapter_config.json", "an object", config);
  for (const [key, plain] of Object.entries(PLAIN)) {
    const value = config[key] ?? plain;
    if (value !== plain) refuse("adapter_config.json", `${key} ${JSON.stringify(plain)}`, value);
  }
  const { lora_alpha: alpha } = config;
  if (typeof alpha !== "number") refuse("adapter_config.json", "a number lora_alpha", alpha);
  return config as unknown as PeftConfig;
}

/** A pattern's key is an expression for the end of a module's name, from a dot on. */
function alphaOf({ lora_alpha: alpha, alpha_pattern: patterns }: PeftConfig, module: string): number {
  const own = Object.entries(patterns ?? {}).find(([key]) => new RegExp(`^(.*\\.)?(${key})$`).test(module));
  return own?.[1] ?? alpha;
}

function scaled(
  key: string,
  a: AdapterTensor,
  b: AdapterTensor,
  alpha: number,
  { use_rslora: rooted = false }: PeftConfig,
): LowRankChange {
  const [rank, inputs] = a.shape;
  const [outputs, same] = b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || rank !== same || rank === 0) {
    refuse(key, "factors of [rank, in] and [out, rank]", `[${a.shape.join(", ")}] and [${b.shape.join(", ")}]`);
  }
  const scale = alpha / (rooted ? Math.sqrt(rank!) : rank!);
  return { a: a.data, b: b.data.map((x) => scale * x), rank: rank!, shape: [outputs!, inputs!] };
}

function single(key: string, { shape, data }: Tensor): AdapterTensor {
  return data instanceof Float32Array ? { shape, data } : refuse(key, "numbers of 16 or 32 bits", data);
}

function refuse(name: string, expected: string, ...got: unknown[]): never {
  throw new ParameterError(name, `expected ${expected}${got.map((value) => `, got ${described(value)}`).join("")}`);
}

const described = (value: unknown): string => (typeof value === "string" ? value : describe(value));

function checkedOptions(options: PeftOptions): Required<PeftOptions> {
  if (typeof options !== "object" || options === null) {
    throw new OptimizerOptionError("options", 'an object such as { baseModel: "name" }', options);
  }
  checkOptionNames("peftFiles'", options, ["baseModel", "taskType", "weights"]);
  const { baseModel, taskType = "CAUSAL_LM", weights = {} } = options;
  if (typeof baseModel !== "string") throw new OptimizerOptionError("baseModel", "a name or a path", baseModel);
  if (typeof taskType !== "string") throw new OptimizerOptionError("taskType", "a name", taskType);
  if (!isRecord(weights)) throw new OptimizerOptionError("weights", "an object of weights by name", weights);
  for (const [name, tensor] of Object.entries(weights)) checkTensor(name, tensor as AdapterTensor);
  return { baseModel, taskType, weights: weights as Readonly<Record<string, AdapterTensor>> };
}

/** The name that PEFT saves a whole weight under. */
function keyOf(name: string, targets: readonly string[]): string {
  if (!name.endsWith(BIAS)) {
    if (targets.includes(moduleOf(name))) throw new ParameterError(name, "has an adapter, and cannot be written whole");
    return PREFIX + name;
  }
  const module = name.slice(0, -BIAS.length);
  if (!targets.includes(module)) throw new ParameterError(name, `expected an adapter of ${module}${WEIGHT}`);
  return PREFIX + module + BASE_BIAS;
}

function moduleOf(name: string): string {
  if (!name.endsWith(WEIGHT)) throw new ParameterError(name, "expected a name that ends in .weight");
  return name.slice(0, -WEIGHT.length);
}
