import type { Backend } from "../backend/backend.ts";
import { crc32 } from "../checkpoint/crc32.ts";
import type { Collective } from "../collective/collective.ts";
import { OptimizerOptionError, ParameterError } from "../errors.ts";

/** @throws {OptimizerOptionError} */
export function checkCollective(collective: unknown): void {
  if (collective === undefined) return;
  const { allReduce } = (collective ?? {}) as { readonly allReduce?: unknown };
  if (typeof allReduce === "function") return;
  throw new OptimizerOptionError("collective", "a collective such as connectMpi() of @sumo/mpi", collective);
}

/**
 * Compares checksums of a weight over the ranks, which would keep what differs for ever.
 *
 * @throws {ParameterError} on every rank, if a rank's weight differs from that of rank 0.
 */
export function checkEqualWeight<T>(backend: Backend<T, never>, collective: Collective, name: string, weight: T): void {
  const { buffer, byteOffset, byteLength } = backend.read(weight);
  const sums = new Int32Array(collective.size);
  collective.allGather(sums, Int32Array.of(crc32(new Uint8Array(buffer, byteOffset, byteLength))));
  const rank = sums.findIndex((sum) => sum !== sums[0]);
  if (rank < 0) return;
  const hint = "seed them alike, or broadcast those of rank 0";
  throw new ParameterError(name, `expected the same weights on all ranks, got others on rank ${rank}; ${hint}`);
}

/** The last rank whose gradient is not finite, as all ranks are told. */
export function rankOfBadGradient(collective: Collective, finite: boolean): number | undefined {
  const bad = Int32Array.of(finite ? 0 : collective.rank + 1);
  collective.allReduce(bad, "max");
  return bad[0] === 0 ? undefined : bad[0]! - 1;
}
