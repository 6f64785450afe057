import { CheckpointError, readSafetensors, writeSafetensors } from "@sumo/core";
import * as tf from "@tensorflow/tfjs";

/** The form in which tfjs saves an optimizer. */
export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}

/** Name of the tensor that holds what is not a matrix. */
const FACTS = "facts";

/** A saved optimizer as named tensors: its matrices, and one tensor of text. They belong to the caller. */
export function toNamedTensors(checkpoint: Uint8Array, prefix: string): NamedTensor[] {
  const { tensors, metadata } = readSafetensors(checkpoint);
  const matrices = Object.entries(tensors).map(([name, { shape, data }]) => ({
    name: `${prefix}/${name}`,
    tensor: tf.tensor(data as Float32Array, [...shape]),
  }));
  return [{ name: `${prefix}/${FACTS}`, tensor: tf.tensor1d([JSON.stringify(metadata)], "string") }, ...matrices];
}

/** The checkpoints that {@link toNamedTensors} took apart, in their order. @throws {CheckpointError} for tensors of something else. */
export async function fromNamedTensors(named: readonly NamedTensor[]): Promise<Uint8Array[]> {
  const starts = named.flatMap(({ name, tensor }, i) =>
    name.endsWith(`/${FACTS}`) && tensor.dtype === "string" ? [i] : [],
  );
  if (named.length > 0 && starts[0] !== 0) {
    throw new CheckpointError(`expected the state of an optimizer of @sumo/tfjs, got a tensor ${named[0]!.name}`);
  }
  return Promise.all(starts.map((start, i) => checkpointOf(named.slice(start, starts[i + 1]))));
}

async function checkpointOf([facts, ...matrices]: readonly NamedTensor[]): Promise<Uint8Array> {
  const prefix = facts!.name.slice(0, -FACTS.length);
  const [text] = (await facts!.tensor.data<"string">()) as unknown as string[];
  const entries = await Promise.all(
    matrices.map(async ({ name, tensor }) => {
      const data = Float32Array.from(await tensor.data<"float32">());
      return [name.slice(prefix.length), { shape: tensor.shape, data }] as const;
    }),
  );
  return writeSafetensors(Object.fromEntries(entries), JSON.parse(text!) as Record<string, string>);
}

/** How many parameters a checkpoint is of. */
export function parameterCount(checkpoint: Uint8Array): number {
  const { state } = readSafetensors(checkpoint).metadata;
  return Object.keys((JSON.parse(state ?? "{}") as { counters?: object }).counters ?? {}).length;
}
