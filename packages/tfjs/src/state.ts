import { CheckpointError, describe, readSafetensors, type Tensor, writeSafetensors } from "@sumo/core";
import * as tf from "@tensorflow/tfjs-core";
import type { SavedState } from "./saved-states.ts";

/** Element of an optimizer's state in tfjs. */
export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}

/** State of an optimizer with all its variables. */
export interface SavedOptimizer {
  readonly states: readonly SavedState[];
  /** Names of all variables at the time of saving. */
  readonly existed: readonly string[];
  /** Position of the next new variable. */
  readonly nextPlace: number;
}

/** Name of the text tensor, and prefix of the others. */
const FACTS = "sumo/facts";
const PREFIX = "sumo/";

/** JSON of one state in {@link FACTS}. */
type StateFacts = Omit<SavedState, "checkpoint"> & { readonly metadata: Readonly<Record<string, string>> };

/** Converts saved state to named tensors, one of text and the matrices, which belong to the caller. */
export function toNamedTensors({ states, ...rest }: SavedOptimizer): NamedTensor[] {
  const files = states.map(({ checkpoint }) => readSafetensors(checkpoint));
  const facts = states.map(
    ({ checkpoint: _, ...state }, i): StateFacts => ({ ...state, metadata: files[i]!.metadata }),
  );
  const matrices = files
    .flatMap(({ tensors }) => Object.entries(tensors))
    .map(([name, { shape, data }]) => ({
      name: PREFIX + name,
      tensor: tf.tensor(data as Float32Array, [...shape]),
    }));
  const text = JSON.stringify({ ...rest, states: facts });
  return [{ name: FACTS, tensor: tf.tensor1d([text], "string") }, ...matrices];
}

/** Inverse of {@link toNamedTensors}. @throws {CheckpointError} for other tensors. */
export async function fromNamedTensors(given: readonly NamedTensor[]): Promise<SavedOptimizer> {
  const other = given.find((each) => typeof each?.name !== "string" || !(each.tensor instanceof tf.Tensor));
  const [first, ...matrices] = given;
  if (other !== undefined || first === undefined || first.name !== FACTS || first.tensor.dtype !== "string") {
    const got = other !== undefined ? describe(other) : first === undefined ? "nothing" : JSON.stringify(first.name);
    throw new CheckpointError(`expected the state of an optimizer of @sumo/tfjs as { name, tensor }, got ${got}`);
  }
  const [text] = (await first.tensor.data<"string">()) as unknown as string[];
  const { states, ...rest } = parsed(text!);
  const tensors = new Map<string, Tensor>();
  for (const { name, tensor } of matrices) {
    const data = Float32Array.from(await tensor.data<"float32">());
    tensors.set(name.slice(PREFIX.length), { shape: tensor.shape, data });
  }
  return { ...rest, states: states.map((state) => withCheckpoint(state, tensors)) };
}

function parsed(text: string): Omit<SavedOptimizer, "states"> & { readonly states: readonly StateFacts[] } {
  const facts = JSON.parse(text) as ReturnType<typeof parsed>;
  if (!Array.isArray(facts.states) || !Array.isArray(facts.existed) || !Number.isSafeInteger(facts.nextPlace)) {
    throw new CheckpointError(`${FACTS}: expected the facts of an optimizer of @sumo/tfjs, got ${text.slice(0, 80)}`);
  }
  return facts;
}

function withCheckpoint({ metadata, ...state }: StateFacts, tensors: ReadonlyMap<string, Tensor>): SavedState {
  const own = [...tensors].filter(([name]) => name.startsWith(`${state.place}/`));
  return { ...state, checkpoint: writeSafetensors(Object.fromEntries(own), metadata) };
}
