import type { Collective } from "@sumo/core";
import { checkBlocks, checkBroadcast, checkReduction, checkRootedReduction } from "./arguments.ts";
import { CollectiveAbortedError } from "./errors.ts";

/** A collective of one rank, which waits for nobody: a program runs unchanged without MPI. */
export function oneProcess(): Collective {
  return {
    name: "one process",
    rank: 0,
    size: 1,
    allReduce(values, reduction) {
      checkReduction("allReduce", values, reduction);
    },
    allReduceStart(values, reduction) {
      checkReduction("allReduceStart", values, reduction);
      return { wait() {} };
    },
    reduceStart(values, reduction, root) {
      checkRootedReduction("reduceStart", values, reduction, root, 1);
      return { wait() {} };
    },
    reduceScatter(out, values, reduction) {
      checkReduction("reduceScatter", values, reduction);
      checkBlocks("reduceScatter", values, out, 1);
      out.set(values);
    },
    allGather(out, values) {
      checkBlocks("allGather", out, values, 1);
      out.set(values);
    },
    broadcast(values, root) {
      checkBroadcast("broadcast", values, root, 1);
    },
    barrier() {},
    abort(exitCode = 1) {
      throw new CollectiveAbortedError("abort", 0, exitCode);
    },
  };
}
