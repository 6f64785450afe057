import { type Collective, type CollectiveArray, describe, type PendingReduction } from "@sumo/core";
import { CollectiveArgumentError } from "./errors.ts";

/** What a rank has sent, and how long it has waited for the others and for the network. */
export interface Traffic {
  /** Calls of operations. */
  readonly calls: number;
  /** Bytes of the arrays that this rank gave to the operations, not of those that it only received as a root. An algorithm on a ring sends up to twice as much. */
  readonly bytes: number;
  /** Milliseconds within the operations, in which this rank did nothing else. */
  readonly waitedMs: number;
}

/** A collective that counts its traffic. */
export interface MeasuredCollective extends Collective {
  /** Since it was created. */
  readonly traffic: Traffic;
}

/** Counts the traffic of a collective, which must then be used through the result alone. @throws {CollectiveArgumentError} */
export function measured(collective: Collective): MeasuredCollective {
  if (typeof (collective as Partial<Collective> | null | undefined)?.allReduceStart !== "function") {
    throw new CollectiveArgumentError("measured", "a collective such as connectMpi()", describe(collective));
  }
  const traffic = { calls: 0, bytes: 0, waitedMs: 0 };
  const timed = <T>(operation: () => T): T => {
    const begin = performance.now();
    try {
      return operation();
    } finally {
      traffic.waitedMs += performance.now() - begin;
    }
  };
  const counted = <T>(sent: CollectiveArray | undefined, operation: () => T): T => {
    traffic.calls++;
    traffic.bytes += sent?.byteLength ?? 0;
    return timed(operation);
  };
  const started = (sent: CollectiveArray | undefined, start: () => PendingReduction): PendingReduction => {
    const pending = counted(sent, start);
    return { wait: () => timed(() => pending.wait()) };
  };
  const { name, rank, size } = collective;
  return {
    name,
    rank,
    size,
    get traffic() {
      return { ...traffic };
    },
    allReduce: (values, reduction) => counted(values, () => collective.allReduce(values, reduction)),
    allReduceStart: (values, reduction) => started(values, () => collective.allReduceStart(values, reduction)),
    reduceStart: (values, reduction, root) =>
      started(rank === root ? undefined : values, () => collective.reduceStart(values, reduction, root)),
    reduceScatter: (out, values, reduction) => counted(values, () => collective.reduceScatter(out, values, reduction)),
    allGather: (out, values) => counted(values, () => collective.allGather(out, values)),
    broadcast: (values, root) => counted(rank === root ? values : undefined, () => collective.broadcast(values, root)),
    barrier: () => counted(undefined, () => collective.barrier()),
    abort: (exitCode) => collective.abort(exitCode),
  };
}
