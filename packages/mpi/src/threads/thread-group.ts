import { CollectiveArgumentError } from "../errors.ts";
import { GroupMemory } from "./group-memory.ts";

/** A rank's place in a group of threads; it can be cloned, and so sent to a worker. */
export interface ThreadSeat {
  readonly memory: SharedArrayBuffer;
  readonly rank: number;
}

/** Threads of one process that communicate through shared memory. */
export interface ThreadGroup {
  /** One a rank, for `joinThreads` on its thread. */
  readonly seats: readonly ThreadSeat[];
  /** Tells the group that a rank's thread has ended, e.g. at a worker's `exit`: ranks that wait for it throw `RankGoneError`. */
  leave(rank: number): void;
}

/**
 * Creates a group of `size` threads. It starts none.
 *
 * @throws {CollectiveArgumentError}
 *
 * @example
 * const group = threadGroup(2);
 * for (const seat of group.seats) {
 *   const worker = new Worker(script, { workerData: seat }); // there: joinThreads(workerData)
 *   worker.once("exit", () => group.leave(seat.rank));
 * }
 */
export function threadGroup(size: number): ThreadGroup {
  if (!(Number.isInteger(size) && size > 0 && size <= MOST_THREADS)) {
    throw new CollectiveArgumentError("threadGroup", `a whole number of threads in [1, ${MOST_THREADS}]`, String(size));
  }
  const memory = GroupMemory.create(size);
  return {
    seats: Array.from({ length: size }, (_, rank) => ({ memory: memory.buffer, rank })),
    leave(rank) {
      if (!(Number.isInteger(rank) && rank >= 0 && rank < size)) {
        throw new CollectiveArgumentError("leave", `a rank in [0, ${size})`, String(rank));
      }
      memory.leave(rank);
    },
  };
}

const MOST_THREADS = 256;
