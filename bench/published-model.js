import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { safetensorsPieces } from "@sumo/core";
import { fillNormal } from "@sumo/linalg";
import { fromHuggingFaceConfig, parameterShapes } from "@sumo/llama";

/**
 * Writes a model of random weights in Hugging Face's layout, in the type that `config.torch_dtype` names.
 *
 * @param files - texts of other files, by name.
 */
export function publish(folder, config, files = {}) {
  mkdirSync(folder);
  const texts = { "config.json": JSON.stringify(config), ...files };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const dtype = config.torch_dtype === "bfloat16" ? { dtype: "BF16" } : {};
  const deviation = 0.5 / Math.sqrt(config.hidden_size);
  const entries = parameterShapes(fromHuggingFaceConfig(config)).map(({ name, shape, kind }, stream) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    fillNormal(data, [0, stream, 0]);
    for (let i = 0; i < data.length; i++) data[i] = (kind === "norm" ? 1 : 0) + deviation * data[i];
    return [name, { shape, data, ...dtype }];
  });
  const file = openSync(join(folder, "model.safetensors"), "w");
  for (const piece of safetensorsPieces(Object.fromEntries(entries), { format: "pt" })) writeSync(file, piece);
  closeSync(file);
}
