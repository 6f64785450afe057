import { CheckpointError } from "../errors.ts";
import { CHECKPOINT_VERSION, type CheckpointState, type MatrixState } from "./checkpoint.ts";
import type { Tensor } from "./safetensors.ts";

type Migration = (state: CheckpointState, tensors: Readonly<Record<string, Tensor>>) => CheckpointState;

/** What turns a checkpoint of each older version into one of the next. */
const MIGRATIONS: Readonly<Record<number, Migration>> = {
  // The rank of a subspace could not change, and was not noted: it is the number of columns of the basis. State had 32 bits.
  1: (state, tensors) => ({
    ...state,
    matrices: Object.fromEntries(
      Object.entries(state.matrices).map(([name, matrix]) => [name, fromVersion1(matrix, tensors[`${name}/basis`])]),
    ),
  }),
};

/** The same state as this version writes it. @throws {CheckpointError} for a version that is newer, or none. */
export function migrate(state: CheckpointState, tensors: Readonly<Record<string, Tensor>>): CheckpointState {
  const { version } = state;
  if (!(Number.isInteger(version) && version >= 1 && version <= CHECKPOINT_VERSION)) {
    throw new CheckpointError(`expected a checkpoint of version 1 to ${CHECKPOINT_VERSION}, got ${String(version)}`);
  }
  let migrated = state;
  for (let from = version; from < CHECKPOINT_VERSION; from++) {
    migrated = { ...MIGRATIONS[from]!(migrated, tensors), version: from + 1 };
  }
  return migrated;
}

function fromVersion1(matrix: MatrixState, basis: Tensor | undefined): MatrixState {
  const isSumo = matrix.settings["optimizer"] === "sumo" && basis !== undefined;
  if (!isSumo) return matrix;
  return { settings: { ...matrix.settings, stateBits: 32 }, facts: { ...matrix.facts, rank: basis.shape[1]! } };
}
