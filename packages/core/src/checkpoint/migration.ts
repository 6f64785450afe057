import { CheckpointError } from "../errors.ts";
import { CHECKPOINT_VERSION, type CheckpointState, type MatrixState, type StateTensor } from "./state.ts";

type Tensors = Readonly<Record<string, StateTensor>>;

interface Contents {
  readonly state: CheckpointState;
  readonly tensors: Tensors;
}

/** Migration from each older version to the next. */
const MIGRATIONS: Readonly<Record<number, (contents: Contents) => Contents>> = {
  1: ({ state, tensors }) => ({
    state: mapMatrices(state, (matrix, name) => withRank(matrix, tensors[`${name}/basis`])),
    tensors,
  }),
  2: ({ state, tensors }) => ({
    state: mapMatrices(state, withSketch),
    tensors: Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, asSum(name, tensor, state.matrices)]),
    ),
  }),
  3: ({ state, tensors }) => ({ state: mapMatrices(state, withNewOptions), tensors }),
  4: ({ state, tensors }) => ({ state: mapMatrices(state, withMomentBits), tensors }),
};

/** Converts a state to the current version. @throws {CheckpointError} for a newer or an invalid version. */
export function migrate(state: CheckpointState, tensors: Tensors): Contents {
  const { version } = state;
  if (!(Number.isInteger(version) && version >= 1 && version <= CHECKPOINT_VERSION)) {
    throw new CheckpointError(`expected a checkpoint of version 1 to ${CHECKPOINT_VERSION}, got ${String(version)}`);
  }
  let contents: Contents = { state, tensors };
  for (let from = version; from < CHECKPOINT_VERSION; from++) contents = MIGRATIONS[from]!(contents);
  return contents;
}

function mapMatrices(
  state: CheckpointState,
  change: (matrix: MatrixState, name: string) => MatrixState,
): CheckpointState {
  const matrices = Object.entries(state.matrices).map(([name, matrix]) => [name, change(matrix, name)]);
  return { ...state, matrices: Object.fromEntries(matrices) };
}

/** Version 1: ranks were fixed and not saved, so that the rank is the basis's number of columns. State had 32 bits. */
function withRank(matrix: MatrixState, basis: StateTensor | undefined): MatrixState {
  const isSumo = matrix.settings["optimizer"] === "sumo" && basis !== undefined;
  if (!isSumo) return matrix;
  return { settings: { ...matrix.settings, stateBits: 32 }, facts: { ...matrix.facts, rank: basis.shape[1]! } };
}

/** Version 2: the range finder's options were not grouped, and a moment could be an average instead of a sum. */
function withSketch({ settings, facts }: MatrixState): MatrixState {
  const { rangeFinder, oversampling, powerIterations, momentumForm: _, ...rest } = settings;
  switch (settings["optimizer"]) {
    case "sumo":
      return { settings: { ...rest, sketch: { start: rangeFinder, oversampling, powerIterations } }, facts };
    case "galore":
      return { settings: { ...rest, sketch: { oversampling, powerIterations } }, facts };
    default:
      return { settings, facts };
  }
}

/** Version 3: rows were not equilibrated, and Muon's state had 32 bits. */
function withNewOptions({ settings, facts }: MatrixState): MatrixState {
  switch (settings["optimizer"]) {
    case "sumo":
      return { settings: { ...settings, equilibrate: "off" }, facts };
    case "muon":
      return { settings: { ...settings, equilibrate: "off", stateBits: 32 }, facts };
    default:
      return { settings, facts };
  }
}

/** Version 4: AdamW's state had 32 bits. */
function withMomentBits({ settings, facts }: MatrixState): MatrixState {
  return settings["optimizer"] === "adamw" ? { settings: { ...settings, stateBits: 32 }, facts } : { settings, facts };
}

/** Converts an average of gradients to their sum, by a factor of 1 / (1 − μ). @throws {CheckpointError} for packed bytes. */
function asSum(name: string, tensor: StateTensor, matrices: CheckpointState["matrices"]): StateTensor {
  const matrix = name.endsWith("/moment") ? matrices[name.slice(0, -"/moment".length)] : undefined;
  const { momentumForm, momentum, stateBits } = matrix?.settings ?? {};
  if (momentumForm !== "average") return tensor;
  if (stateBits !== 32) {
    throw new CheckpointError(`${name} is an average in ${String(stateBits)} bits, which can no longer be read`);
  }
  const read = (out: Float32Array): void => {
    tensor.read(out);
    for (let i = 0; i < out.length; i++) out[i]! /= 1 - (momentum as number);
  };
  return { ...tensor, read };
}
