import type { Backend } from "../backend/backend.ts";
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

/** What of a parameter is equal on all ranks. */
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
  for (const { weight, stepper } of parts) {
    for (const matrix of [weight, ...Object.values(stepper.state)]) {
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

/** The sum of `count` over the ranks. */
export function countedOnAll(collective: Collective, count: number): number {
  const counts = Int32Array.of(count);
  collective.allReduce(counts, "sum");
  return counts[0]!;
}
