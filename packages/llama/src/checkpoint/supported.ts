import { describe } from "@sumo/linalg";
import { CheckpointError } from "../errors.ts";
import { isKind, KINDS, type Kind } from "./kinds.ts";

/** A JSON object. */
export type Settings = Readonly<Record<string, unknown>>;

/** Checks that a `config.json` asks for nothing that the model lacks. @throws {CheckpointError} that names the first such key. */
export function checkSupported(file: unknown): { readonly json: Settings; readonly kind: Kind } {
  if (!isSettings(file)) refuse("an object", file);
  const kind = file["model_type"];
  if (!isKind(kind)) refuse(`model_type ${Object.keys(KINDS).join(", ")}`, kind);
  if ((file["hidden_act"] ?? "silu") !== "silu") refuse('hidden_act "silu"', file["hidden_act"]);
  for (const key of ["attention_bias", "mlp_bias", "use_sliding_window", "use_mrope"]) {
    if ((file[key] ?? false) !== false) refuse(`${key} false`, file[key]);
  }
  if (file["quantization_config"] != null) {
    refuse("weights that are not quantized, without quantization_config", file["quantization_config"]);
  }
  checkWindows(file, kind);
  checkRotary(file);
  return { json: file, kind };
}

/** Mistral has a sliding window unless the file says null; Qwen's is off unless `use_sliding_window` is on. */
function checkWindows(file: Settings, kind: Kind): void {
  const window = file["sliding_window"];
  if (kind === "mistral" && window !== null) refuse("sliding_window null", window);
  const types = file["layer_types"] ?? [];
  if (!Array.isArray(types) || types.some((type) => type !== "full_attention")) {
    refuse('layer_types of "full_attention" alone', types);
  }
}

function checkRotary(file: Settings): void {
  for (const key of ["rope_scaling", "rope_parameters"]) {
    if (file[key] != null && !isSettings(file[key])) refuse(`${key} as an object or null`, file[key]);
  }
  const settings = rotarySettings(file);
  const type = settings["rope_type"];
  if (type !== "default" && type !== "llama3") refuse('rotary positions of rope_type "default" or "llama3"', type);
  const nested = Object.keys(settings).find((key) => isSettings(settings[key]));
  if (nested !== undefined) refuse(`the same rope_parameters in all layers, without ${nested}`, settings[nested]);
  if ((settings["partial_rotary_factor"] ?? 1) !== 1) {
    refuse("partial_rotary_factor 1", settings["partial_rotary_factor"]);
  }
}

/**
 * Rotary settings, `rope_type` among them: beside the sizes and in `rope_scaling`, or in `rope_parameters` in newer files. Older files call
 * the type `type`.
 */
export function rotarySettings(file: Settings): Settings {
  const { rope_theta, partial_rotary_factor } = file;
  const inner: Settings = { ...(file["rope_scaling"] as object | null), ...(file["rope_parameters"] as object | null) };
  return { rope_theta, partial_rotary_factor, ...inner, rope_type: inner["rope_type"] ?? inner["type"] ?? "default" };
}

const isSettings = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refuse(expected: string, got: unknown): never {
  throw new CheckpointError(
    "fromHuggingFaceConfig",
    `expected ${expected}, got ${typeof got === "bigint" ? describe(got) : JSON.stringify(got)}`,
  );
}
