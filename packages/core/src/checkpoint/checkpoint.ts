import type { Facts } from "../algorithms/facts.ts";
import type { Stepper } from "../algorithms/stepper.ts";
import type { Backend } from "../backend/backend.ts";
import { CheckpointError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { isRecord } from "./json.ts";
import { migrate } from "./migration.ts";
import { bytesOf, readSafetensors, type Tensor, writeSafetensors } from "./safetensors.ts";
import { CHECKPOINT_VERSION, type CheckpointState, type MatrixState } from "./state.ts";

const FORMAT = "sumo-optimizer";

/** One parameter's interface for checkpoints. */
interface Saved<T> {
  readonly assignment: { readonly settings: object };
  readonly counters: object;
  /** Matrices of the parameter: one, or the parts of a split one. */
  readonly parts: readonly SavedPart<T>[];
  /** Restores saved counts. */
  restore(counters: Readonly<Record<string, number>>): void;
}

interface SavedPart<T> {
  readonly name: string;
  readonly stepper: Stepper<T>;
}

export function saveCheckpoint<T>(backend: Backend<T, never>, tracks: ReadonlyMap<string, Saved<T>>): Uint8Array {
  const matrices: Record<string, MatrixState> = {};
  const counters: Record<string, Readonly<Record<string, number>>> = {};
  const tensors: Record<string, Tensor> = {};
  for (const [name, track] of tracks) {
    counters[name] = { ...track.counters };
    for (const { name: matrix, stepper } of track.parts) {
      const facts = stepper.facts();
      matrices[matrix] = { settings: { ...track.assignment.settings }, facts };
      const shapes = stepper.stateShapes(facts);
      for (const [key, value] of Object.entries(stepper.state)) {
        tensors[tensorName(matrix, key)] = { shape: shapes[key]!, data: backend.read(value) };
      }
    }
  }
  const state = JSON.stringify({ version: CHECKPOINT_VERSION, matrices, counters } satisfies CheckpointState);
  return writeSafetensors(tensors, { format: FORMAT, state, crc32: checksumOf(state, tensors) });
}

/** Checks everything, then writes. @throws {SafetensorsError} @throws {CheckpointError} with nothing changed. */
export function loadCheckpoint<T>(
  backend: Backend<T, never>,
  tracks: ReadonlyMap<string, Saved<T>>,
  bytes: Uint8Array,
): void {
  const file = readSafetensors(bytes);
  const { state, tensors } = migrate(stateOf(file.metadata, file.tensors), file.tensors);
  const parts = Array.from(tracks.values()).flatMap((track) => track.parts.map((part) => ({ track, part })));
  checkNames(
    Object.keys(state.matrices),
    parts.map(({ part }) => part.name),
  );
  checkNames(Object.keys(state.counters), [...tracks.keys()]);
  for (const [name, { counters }] of tracks) checkCounters(name, state.counters[name]!, counters);
  for (const { track, part } of parts) {
    const saved = state.matrices[part.name]!;
    checkSettings(part.name, saved.settings, { ...track.assignment.settings });
    checkState(part, saved, tensors);
  }
  checkTensorCount(parts, state, tensors);

  restoreAll(backend, parts, state);
  for (const { part } of parts) {
    for (const [key, matrix] of Object.entries(part.stepper.state)) {
      backend.write(matrix, tensors[tensorName(part.name, key)]!.data as Float32Array);
    }
  }
  for (const [name, track] of tracks) track.restore(state.counters[name]!);
}

/** Reallocates every matrix in its saved shape, without contents; undoes all of it if an allocation fails. */
function restoreAll<T>(
  backend: Backend<T, never>,
  parts: readonly { readonly part: SavedPart<T> }[],
  { matrices }: CheckpointState,
): void {
  const undo: (() => void)[] = [];
  try {
    for (const { part } of parts) {
      const { facts } = matrices[part.name]!;
      const back = undoOf(backend, part.stepper, facts);
      part.stepper.restore(facts);
      undo.push(back);
    }
  } catch (cause) {
    for (const back of undo.reverse()) back();
    throw new CheckpointError("there is no room for the saved state", { cause });
  }
}

/** Creates a function that undoes `stepper.restore`, by a copy of the current state. */
function undoOf<T>(backend: Backend<T, never>, stepper: Stepper<T>, facts: Facts): () => void {
  const before = stepper.facts();
  const [now, then] = [before, facts].map((each) => JSON.stringify(stepper.stateShapes(each)));
  const contents = now === then ? [] : Object.entries(stepper.state).map(([key, a]) => [key, backend.read(a)] as const);
  return () => {
    stepper.restore(before);
    for (const [key, values] of contents) backend.write(stepper.state[key]!, values);
  };
}

const tensorName = (matrix: string, key: string): string => `${matrix}/${key}`;

function checksumOf(state: string, tensors: Readonly<Record<string, Tensor>>): string {
  let crc = crc32(new TextEncoder().encode(state));
  for (const name of Object.keys(tensors).sort()) crc = crc32(bytesOf(tensors[name]!.data), crc);
  return crc.toString(16).padStart(8, "0");
}

/** Parses the JSON part, after a check of format and checksum. */
function stateOf(metadata: Record<string, string>, tensors: Record<string, Tensor>): CheckpointState {
  const { format, state, crc32: checksum } = metadata;
  if (format !== FORMAT || state === undefined) {
    throw new CheckpointError(
      `expected an optimizer's checkpoint, got a safetensors file of format ${format ?? "unknown"}`,
    );
  }
  if (checksum !== checksumOf(state, tensors))
    throw new CheckpointError("the checkpoint is damaged: its checksum is wrong");
  const parsed: unknown = JSON.parse(state);
  if (!isCheckpointState(parsed)) throw new CheckpointError("the checkpoint's state is not an optimizer's");
  return parsed;
}

function isCheckpointState(value: unknown): value is CheckpointState {
  if (!isRecord(value) || !isRecord(value["matrices"]) || !isRecord(value["counters"])) return false;
  const matrices = Object.values(value["matrices"]);
  const counters = Object.values(value["counters"]);
  return (
    matrices.every((matrix) => isRecord(matrix) && isRecord(matrix["settings"]) && isRecord(matrix["facts"])) &&
    counters.every(isRecord)
  );
}

/** Checks that all counters of `current` were saved as counts. @throws {CheckpointError} */
function checkCounters(name: string, saved: Readonly<Record<string, number>>, current: object): void {
  const bad = Object.keys(current).find((counter) => !isCount(saved[counter]));
  if (bad !== undefined) throw new CheckpointError(`${name}: expected a count of ${bad}, got ${String(saved[bad])}`);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function checkNames(saved: readonly string[], current: readonly string[]): void {
  const missing = current.filter((name) => !saved.includes(name));
  const extra = saved.filter((name) => !current.includes(name));
  if (missing.length + extra.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`it lacks ${missing.join(", ")}`] : []),
    ...(extra.length > 0 ? [`it also holds ${extra.join(", ")}`] : []),
  ];
  throw new CheckpointError(`the checkpoint is of other parameters: ${parts.join("; ")}`);
}

function checkState<T>({ name, stepper }: SavedPart<T>, saved: MatrixState, tensors: Record<string, Tensor>): void {
  let shapes: ReturnType<typeof stepper.stateShapes>;
  try {
    shapes = stepper.stateShapes(saved.facts);
  } catch (cause) {
    throw new CheckpointError(`the checkpoint's ${name} does not fit`, { cause });
  }
  for (const [key, shape] of Object.entries(shapes)) {
    const tensor = tensors[tensorName(name, key)];
    if (tensor === undefined) throw new CheckpointError(`the checkpoint lacks ${tensorName(name, key)}`);
    if (!(tensor.data instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
      throw new CheckpointError(
        `${tensorName(name, key)}: expected float32 [${shape.join(", ")}], got [${tensor.shape.join(", ")}] in the checkpoint`,
      );
    }
  }
}

/** Checks for surplus tensors, which are a sign of other options. */
function checkTensorCount<T>(
  parts: readonly { readonly part: SavedPart<T> }[],
  { matrices }: CheckpointState,
  tensors: Record<string, Tensor>,
): void {
  const known = parts.flatMap(({ part: { name, stepper } }) =>
    Object.keys(stepper.stateShapes(matrices[name]!.facts)).map((key) => tensorName(name, key)),
  );
  const extra = Object.keys(tensors).filter((name) => !known.includes(name));
  if (extra.length > 0) throw new CheckpointError(`the checkpoint also holds ${extra.join(", ")}`);
}

/** Checks that all options but the learning rate are equal, since the state depends on them. */
function checkSettings(matrix: string, saved: MatrixState["settings"], settings: MatrixState["settings"]): void {
  const current = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  for (const option of new Set([...Object.keys(saved), ...Object.keys(current)])) {
    const [was, is] = [JSON.stringify(saved[option]), JSON.stringify(current[option])];
    if (option === "lr" || was === is) continue;
    throw new CheckpointError(`${matrix}: the checkpoint was written with ${option} ${was}, this optimizer has ${is}`);
  }
}
