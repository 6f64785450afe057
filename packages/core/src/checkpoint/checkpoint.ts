import type { Facts } from "../algorithms/facts.ts";
import type { Stepper } from "../algorithms/stepper.ts";
import type { Backend } from "../backend/backend.ts";
import { CheckpointError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { isRecord } from "./json.ts";
import { migrate } from "./migration.ts";
import { type OpenFile, openSafetensors, type StoredTensor } from "./open-safetensors.ts";
import type { RandomAccessFile } from "./random-access-file.ts";
import { type LazyTensor, lazyPieces } from "./safetensors.ts";
import { CHECKPOINT_VERSION, type CheckpointState, type MatrixState, type StateTensor } from "./state.ts";
import { bytesOf, sizeOf } from "./tensor.ts";

const FORMAT = "sumo-optimizer";
/** Bytes of a file that are in memory at a time while its checksum is computed. */
const CHUNK = 2 ** 20;

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

/**
 * The pieces of a checkpoint, one a matrix. Every matrix is fetched twice: for the checksum, which comes first, and to be written.
 *
 * @param gathered - contents of matrices that other ranks have, by {@link tensorName}.
 */
export function saveCheckpoint<T>(
  backend: Backend<T, never>,
  tracks: ReadonlyMap<string, Saved<T>>,
  gathered: ReadonlyMap<string, Float32Array> = new Map(),
): Iterable<Uint8Array> {
  const matrices: Record<string, MatrixState> = {};
  const counters: Record<string, Readonly<Record<string, number>>> = {};
  const tensors: Record<string, LazyTensor> = {};
  for (const [name, track] of tracks) {
    counters[name] = { ...track.counters };
    for (const { name: matrix, stepper } of track.parts) {
      const facts = stepper.facts();
      matrices[matrix] = { settings: { ...track.assignment.settings }, facts };
      for (const [key, shape] of Object.entries(stepper.stateShapes(facts))) {
        const name = tensorName(matrix, key);
        const fetch = (): Float32Array =>
          gathered.get(name) ?? backend.elements?.(stepper.state[key]!) ?? backend.read(stepper.state[key]!);
        tensors[name] = { shape, dtype: "F32", fetch };
      }
    }
  }
  const state = JSON.stringify({ version: CHECKPOINT_VERSION, matrices, counters } satisfies CheckpointState);
  const crc = checksumOf(state, tensors, (tensor) => [bytesOf(tensor.fetch())]);
  return lazyPieces(tensors, { format: FORMAT, state, crc32: crc });
}

/** Checks everything, then writes. @throws {SafetensorsError} @throws {CheckpointError} with nothing changed. */
export function loadCheckpoint<T>(
  backend: Backend<T, never>,
  tracks: ReadonlyMap<string, Saved<T>>,
  file: RandomAccessFile,
): void {
  const opened = openSafetensors(file);
  const { state, tensors } = migrate(stateOf(opened), mapValues(opened.tensors, stateTensor));
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
      fill(backend, matrix, tensors[tensorName(part.name, key)]!);
    }
  }
  for (const [name, track] of tracks) track.restore(state.counters[name]!);
}

/** Reads a tensor straight into a matrix where its elements are in memory. */
function fill<T>(backend: Backend<T, never>, matrix: T, { shape, read }: StateTensor): void {
  const elements = backend.elements?.(matrix);
  if (elements !== undefined) {
    read(elements);
    return;
  }
  const values = new Float32Array(sizeOf(shape));
  read(values);
  backend.write(matrix, values);
}

const stateTensor = ({ dtype, shape, read }: StoredTensor): StateTensor => ({
  dtype,
  shape,
  read: (out) => read(bytesOf(out)),
});

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

/** Name of a matrix's state in a checkpoint. */
export const tensorName = (matrix: string, key: string): string => `${matrix}/${key}`;

function checksumOf<Source>(
  state: string,
  tensors: Readonly<Record<string, Source>>,
  chunksOf: (tensor: Source) => Iterable<Uint8Array>,
): string {
  let crc = crc32(new TextEncoder().encode(state));
  for (const name of Object.keys(tensors).sort()) {
    for (const chunk of chunksOf(tensors[name]!)) crc = crc32(chunk, crc);
  }
  return crc.toString(16).padStart(8, "0");
}

function* storedChunks({ byteLength, read }: StoredTensor): Generator<Uint8Array> {
  const chunk = new Uint8Array(Math.min(CHUNK, byteLength));
  for (let at = 0; at < byteLength; at += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, byteLength - at));
    read(part, at);
    yield part;
  }
}

/** Parses the JSON part, after a check of format and checksum. */
function stateOf({ metadata, tensors }: OpenFile): CheckpointState {
  const { format, state, crc32: checksum } = metadata;
  if (format !== FORMAT || state === undefined) {
    throw new CheckpointError(
      `expected an optimizer's checkpoint, got a safetensors file of format ${format ?? "unknown"}`,
    );
  }
  if (checksum !== checksumOf(state, tensors, storedChunks))
    throw new CheckpointError("the checkpoint is damaged: its checksum is wrong");
  const parsed: unknown = JSON.parse(state);
  if (!isCheckpointState(parsed)) throw new CheckpointError("the checkpoint's state is not an optimizer's");
  return parsed;
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

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

function checkState<T>(
  { name, stepper }: SavedPart<T>,
  saved: MatrixState,
  tensors: Readonly<Record<string, StateTensor>>,
): void {
  let shapes: ReturnType<typeof stepper.stateShapes>;
  try {
    shapes = stepper.stateShapes(saved.facts);
  } catch (cause) {
    throw new CheckpointError(`the checkpoint's ${name} does not fit`, { cause });
  }
  for (const [key, shape] of Object.entries(shapes)) {
    const tensor = tensors[tensorName(name, key)];
    if (tensor === undefined) throw new CheckpointError(`the checkpoint lacks ${tensorName(name, key)}`);
    if (tensor.dtype !== "F32" || tensor.shape.join() !== shape.join()) {
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
  tensors: Readonly<Record<string, StateTensor>>,
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
