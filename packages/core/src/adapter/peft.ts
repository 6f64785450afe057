import { checkOptionNames } from "../algorithms/option-names.ts";
import { type Tensor, writeSafetensors } from "../checkpoint/safetensors.ts";
import { describe, OptimizerOptionError, ParameterError } from "../errors.ts";
import { type Adapter, checkAdapter } from "./adapter.ts";

/** The two files that Hugging Face's PEFT loads as a LoRA adapter. */
export interface PeftFiles {
  readonly "adapter_model.safetensors": Uint8Array;
  readonly "adapter_config.json": string;
}

export interface PeftOptions {
  /** Name or path of the model that the adapter belongs to. */
  readonly baseModel: string;
  /** PEFT's name of the model's task. Default `"CAUSAL_LM"`. */
  readonly taskType?: string;
}

/**
 * Creates LoRA files for adapters by weight name, e.g. `model.layers.0.self_attn.q_proj.weight`. The scaling lora_alpha / r is 1, so that
 * merging adds b a unscaled; different ranks are written as patterns.
 *
 * @throws {ParameterError} for a name that does not end in `.weight`, or if there are no adapters.
 * @see PEFT's checkpoint format, https://huggingface.co/docs/peft/developer_guides/checkpoint
 */
export function peftFiles(adapters: Readonly<Record<string, Adapter>>, options: PeftOptions): PeftFiles {
  if (typeof options !== "object" || options === null) {
    throw new OptimizerOptionError("options", 'an object such as { baseModel: "name" }', options);
  }
  checkOptionNames("peftFiles'", options, ["baseModel", "taskType"]);
  const { baseModel, taskType = "CAUSAL_LM" } = options;
  if (typeof baseModel !== "string") throw new OptimizerOptionError("baseModel", "a name or a path", baseModel);
  if (typeof taskType !== "string") throw new OptimizerOptionError("taskType", "a name", taskType);
  if (typeof adapters !== "object" || adapters === null) {
    throw new ParameterError("adapters", `expected an object of adapters by name, got ${describe(adapters)}`);
  }
  for (const [name, adapter] of Object.entries(adapters)) checkAdapter(name, adapter);
  const modules = Object.entries(adapters).map(([name, adapter]) => ({ module: moduleOf(name), ...adapter }));
  if (modules.length === 0) throw new ParameterError("adapters", "expected at least one");
  const tensors: Record<string, Tensor> = {};
  for (const { module, a, b, rank, shape } of modules) {
    tensors[`base_model.model.${module}.lora_A.weight`] = { shape: [rank, shape[1]], data: a };
    tensors[`base_model.model.${module}.lora_B.weight`] = { shape: [shape[0], rank], data: b };
  }
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
    target_modules: modules.map(({ module }) => module),
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
  };
  return {
    "adapter_model.safetensors": writeSafetensors(tensors, { format: "pt" }),
    "adapter_config.json": `${JSON.stringify(config, null, 2)}\n`,
  };
}

function moduleOf(name: string): string {
  if (!name.endsWith(".weight")) throw new ParameterError(name, "expected a name that ends in .weight");
  return name.slice(0, -".weight".length);
}
