import type { Backend } from "../backend/backend.ts";
import { tensorName } from "../checkpoint/checkpoint.ts";
import { crc32 } from "../checkpoint/crc32.ts";
import type { Collective } from "../collective/collective.ts";
import { OptimizerOptionError, RanksDifferError } from "../errors.ts";
import type { TrackedPart } from "./part.ts";

/** @throws {OptimizerOptionError} */
export function checkCollective(collective: unknown): void {
  if (collective === undefined) return;
  const { allReduce } = (collective ?? {}) as { readonly allReduce?: unknown };
  if (typeof allReduce === "function") return;
  throw new OptimizerOptionError("collective", "a collective such as connectMpi() of @sumo/mpi", collective);
}

/** A parameter whose state may be on one rank alone. */
interface Owned<T> {
  readonly owner: number | undefined;
  readonly owned: boolean;
  readonly parts: readonly TrackedPart<T>[];
}

/** A parameter, of which the weights, the replicated state and the step are equal on all ranks. */
interface Replica<T> {
  readonly name: string;
  readonly step: number;
  readonly parts: readonly TrackedPart<T>[];
}

/**
 * Compares checksums of weights and states over the ranks, which would keep what differs for ever.
 *
 * @throws {RanksDifferError} on every rank.
 */
export function compareRanks<T>(
  backend: Backend<T, never>,
  collective: Collective,
  replicas: readonly Replica<T>[],
): void {
  const own = Int32Array.from(replicas, (replica) => checksum(backend, replica));
  const all = new Int32Array(collective.size * own.length);
  collective.allGather(all, own);
  const at = all.findIndex((sum, i) => sum !== all[i % own.length]);
  if (at >= 0) throw new RanksDifferError(replicas[at % own.length]!.name, Math.floor(at / own.length));
}

function checksum<T>(backend: Backend<T, never>, { parts, step }: Replica<T>): number {
  let sum = crc32(Uint8Array.from(String(step), (digit) => Number(digit)));
  for (const { weight, stepper, replicated } of parts) {
    for (const matrix of [weight, ...replicated.map((key) => stepper.state[key]!)]) {
      const { buffer, byteOffset, byteLength } = backend.elements?.(matrix) ?? backend.read(matrix);
      sum = crc32(new Uint8Array(buffer, byteOffset, byteLength), sum);
    }
  }
  return sum;
}

/** The last rank whose gradient is not finite, as all ranks are told. */
export function rankOfBadGradient(collective: Collective, finite: boolean): number | undefined {
  const bad = Int32Array.of(finite ? 0 : collective.rank + 1);
  collective.allReduce(bad, "max");
  return bad[0] === 0 ? undefined : bad[0]! - 1;
}

/** matrix ← that of rank `root`. */
export function broadcastMatrix<T>(backend: Backend<T, never>, collective: Collective, matrix: T, root: number): void {
  const inPlace = backend.elements?.(matrix);
  const values = inPlace ?? backend.read(matrix);
  collective.broadcast(values, root);
  if (inPlace === undefined && collective.rank !== root) backend.write(matrix, values);
}

/**
 * Sends the matrices that one rank alone has to rank 0, which gets copies by {@link tensorName}; other ranks get none. All ranks call it.
 */
export function gatherStates<T>(
  backend: Backend<T, never>,
  collective: Collective,
  tracks: Iterable<Owned<T>>,
): ReadonlyMap<string, Float32Array> {
  const gathered = new Map<string, Float32Array>();
  for (const { owner = 0, owned, parts } of tracks) {
    if (owner === 0) continue;
    for (const { name, stepper, replicated } of parts) {
      for (const [key, [rows, cols]] of Object.entries(stepper.stateShapes(stepper.facts()))) {
        if (replicated.includes(key)) continue;
        const values = owned ? backend.read(stepper.state[key]!) : new Float32Array(rows * cols);
        collective.broadcast(values, owner);
        if (collective.rank === 0) gathered.set(tensorName(name, key), values);
      }
    }
  }
  return gathered;
}

/** The values of all ranks, which JSON has to preserve, in rank order. */
export function gatherJson<V>(collective: Collective, value: V): V[] {
  const own = new TextEncoder().encode(JSON.stringify(value));
  const lengths = new Int32Array(collective.size);
  collective.allGather(lengths, Int32Array.of(own.length));
  const longest = Math.max(...lengths);
  const block = new Uint8Array(longest);
  block.set(own);
  const all = new Uint8Array(collective.size * longest);
  collective.allGather(all, block);
  const textOf = (length: number, rank: number): string =>
    new TextDecoder().decode(all.subarray(rank * longest, rank * longest + length));
  return Array.from(lengths, (length, rank) => JSON.parse(textOf(length, rank)) as V);
}

/** The sum of `count` over the ranks. */
export function countedOnAll(collective: Collective, count: number): number {
  const counts = Int32Array.of(count);
  collective.allReduce(counts, "sum");
  return counts[0]!;
}
