import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { RanksDifferError } from "@sumo/core";
import type { WeightData } from "@sumo/llama";
import { connectMpi, launchedAs, type MeasuredCollective, measured } from "@sumo/mpi";
import {
  DivergedError,
  formatTokenizer,
  type LogLine,
  RunError,
  type Tokenizer,
  type Trainer,
  type TrainOptions,
  UsageError,
} from "@sumo/training";

/** The processes of a run: those that one `mpirun` or `srun` started, or this one alone. */
export interface Ranks {
  /** This process. Rank 0 alone writes files and shows progress. */
  readonly rank: number;
  readonly size: number;
  /** `undefined` for one process. */
  readonly collective: MeasuredCollective | undefined;
  /** Whether they divide the optimizer's state. */
  readonly shardState: boolean;
}

/** Another rank has failed, and says so; this one ends in silence. */
export class OtherRankFailed extends Error {}

/** The place of this process among those of its launcher, before it joins them. */
export const place: Readonly<{ rank: number; size: number }> = launchedAs() ?? { rank: 0, size: 1 };

/** How messages of this process begin: of another rank than 0, with its rank. */
export const signature: string = place.rank === 0 ? "" : `rank ${place.rank} on ${hostname()}: `;

/**
 * Joins the processes of the launcher.
 *
 * @param shardState - whether they are to divide the optimizer's state.
 * @throws {CollectiveError} without an MPI library, or with another than the launcher's.
 */
export function joinRanks(shardState = false): Ranks {
  const alone = place.size === 1;
  return { ...place, collective: alone ? undefined : measured(connectMpi()), shardState: shardState && !alone };
}

/** Number of processes that divide the optimizer's state; `undefined` if each has all of it. */
export const shardsOf = ({ shardState, size }: Ranks): number | undefined => (shardState ? size : undefined);

/** @throws {UsageError} on rank 0 and {@link OtherRankFailed} on others, if there are several. */
export function refuseSeveral(what: string): void {
  if (place.size === 1) return;
  if (place.rank > 0) throw new OtherRankFailed();
  throw new UsageError(`${what} runs in one process: start it without mpirun or srun`);
}

/**
 * Does work that may fail on some ranks, and that needs no other rank: either all ranks return, or the first that failed throws its error.
 *
 * @throws {OtherRankFailed} on all others then.
 */
export async function together<T>({ rank, size, collective }: Ranks, work: () => T | Promise<T>): Promise<T> {
  if (collective === undefined) return work();
  const outcome = await settle(work);
  const first = Int32Array.of("error" in outcome ? size - rank : 0); // the lowest rank has the largest number
  collective.allReduce(first, "max");
  if (first[0] === size - rank && "error" in outcome) throw outcome.error;
  if (first[0] !== 0 || "error" in outcome) throw new OtherRankFailed();
  return outcome.value;
}

async function settle<T>(work: () => T | Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

/** Checks that all ranks have the same of several things. @param things - their contents, by names for messages. @throws {RunError} as {@link together}. */
export async function checkSame(
  ranks: Ranks,
  things: Readonly<Record<string, Iterable<string | Float32Array | Uint16Array>>>,
): Promise<void> {
  const { collective, rank, size } = ranks;
  if (collective === undefined) return;
  const length = 32;
  const all = Object.entries(things).map(([name, contents]) => {
    const hash = createHash("sha256");
    for (const content of contents) hash.update(content);
    const digests = new Uint8Array(size * length);
    collective.allGather(digests, new Uint8Array(hash.digest()));
    return { name, digests };
  });
  await together(ranks, () => {
    for (const { name, digests } of all) {
      const own = digests.subarray(rank * length, (rank + 1) * length);
      if (own.some((byte, i) => byte !== digests[i])) throw new RunError(`${name} differs from that of rank 0`);
    }
  });
}

/** What {@link checkSame} compares of a run beside its text, whose path may differ between machines. */
export function settingsOf(
  options: TrainOptions,
  tokenizer: Tokenizer,
  { shardState }: Ranks,
): Readonly<Record<string, readonly string[]>> {
  return {
    "the vocabulary": [formatTokenizer(tokenizer)],
    "an option": [JSON.stringify({ ...options, shardState, data: undefined })],
  };
}

/** The weights of a model, those too that are not trained, and that no step therefore compares. */
export function weightsOf({ model }: Trainer): Readonly<Record<string, readonly WeightData[]>> {
  return { "the model": model.parameters.map(({ data }) => data) };
}

/** Waits for all ranks, so that none ends, and with it all others, before rank 0 has written its files. */
export function endTogether({ collective }: Ranks): void {
  collective?.barrier();
}

/** An error as a rank other than 0 throws it: those that all ranks have at once are left to rank 0. */
export function ownError(error: unknown): unknown {
  return error instanceof DivergedError || error instanceof RanksDifferError ? new OtherRankFailed() : error;
}

/** Measures a rank's traffic between two calls of the result. */
export function trafficMeter({ collective }: Ranks): () => Pick<LogLine, "sentBytes" | "waited"> {
  if (collective === undefined) return () => ({});
  const read = () => ({ ...collective.traffic, atMs: performance.now() });
  let last = read();
  return () => {
    const now = read();
    const waited = (now.waitedMs - last.waitedMs) / (now.atMs - last.atMs);
    const traffic = { sentBytes: now.bytes - last.bytes, waited: Math.round(1000 * waited) / 1000 };
    last = now;
    return traffic;
  };
}
