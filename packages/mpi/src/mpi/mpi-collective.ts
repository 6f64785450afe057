import type { Collective, CollectiveArray, PendingReduction, Reduction } from "@sumo/core";
import { checkBlocks, checkBroadcast, checkReduction, checkRootedReduction, elementTypeOf } from "../arguments.ts";
import { CollectiveArgumentError, MpiCallError } from "../errors.ts";
import type { Abi } from "./abi.ts";
import type { MpiFunctions } from "./functions.ts";

/** The processes of one `mpirun`, on MPI's world communicator. */
export class MpiCollective implements Collective {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  private readonly mpi: MpiFunctions;
  private readonly abi: Abi;
  /** Keeps the arrays that MPI writes to from the garbage collector. */
  private readonly pending = new Set<PendingReduction>();

  /** MPI has to be initialized. */
  constructor(name: string, mpi: MpiFunctions, abi: Abi) {
    const [rank, size] = [new Int32Array(1), new Int32Array(1)];
    this.name = name;
    this.mpi = mpi;
    this.abi = abi;
    // Errors would end the process by default.
    this.check("connectMpi", mpi.commSetErrhandler(abi.world, abi.errorsReturn));
    this.check("connectMpi", mpi.commRank(abi.world, rank));
    this.check("connectMpi", mpi.commSize(abi.world, size));
    this.rank = rank[0]!;
    this.size = size[0]!;
  }

  allReduce(values: CollectiveArray, reduction: Reduction): void {
    checkReduction("allReduce", values, reduction);
    checkCount("allReduce", values);
    const { abi, mpi } = this;
    const { world, inPlace, reductions } = abi;
    this.check(
      "allReduce",
      mpi.allReduce(inPlace, values, values.length, this.typeOf(values), reductions[reduction], world),
    );
  }

  allReduceStart(values: CollectiveArray, reduction: Reduction): PendingReduction {
    checkReduction("allReduceStart", values, reduction);
    checkCount("allReduceStart", values);
    const { world, inPlace, reductions } = this.abi;
    const [type, op] = [this.typeOf(values), reductions[reduction]];
    return this.start("allReduceStart", values, (request) =>
      this.mpi.allReduceStart(inPlace, values, values.length, type, op, world, request),
    );
  }

  reduceStart(values: CollectiveArray, reduction: Reduction, root: number): PendingReduction {
    checkRootedReduction("reduceStart", values, reduction, root, this.size);
    checkCount("reduceStart", values);
    const { mpi, abi } = this;
    const { world, inPlace, reductions } = abi;
    const [type, op] = [this.typeOf(values), reductions[reduction]];
    return this.start("reduceStart", values, (request) =>
      this.rank === root
        ? mpi.reduceHereStart(inPlace, values, values.length, type, op, root, world, request)
        : mpi.reduceThereStart(values, 0, values.length, type, op, root, world, request),
    );
  }

  private start(
    operation: string,
    values: CollectiveArray,
    call: (request: BigUint64Array) => number,
  ): PendingReduction {
    const { mpi, abi, pending } = this;
    const request = new BigUint64Array(1); // a pointer or an int
    this.check(operation, call(request));
    const started = {
      values,
      wait: () => {
        if (!pending.delete(started)) return;
        this.check(operation, mpi.wait(request, abi.statusIgnore));
      },
    };
    pending.add(started);
    return started;
  }

  reduceScatter(out: CollectiveArray, values: CollectiveArray, reduction: Reduction): void {
    checkReduction("reduceScatter", values, reduction);
    checkBlocks("reduceScatter", values, out, this.size);
    checkCount("reduceScatter", values);
    const { abi, mpi } = this;
    const operation = abi.reductions[reduction];
    this.check("reduceScatter", mpi.reduceScatter(values, out, out.length, this.typeOf(out), operation, abi.world));
  }

  allGather(out: CollectiveArray, values: CollectiveArray): void {
    checkBlocks("allGather", out, values, this.size);
    checkCount("allGather", out);
    const { abi, mpi } = this;
    const type = this.typeOf(values);
    this.check("allGather", mpi.allGather(values, values.length, type, out, values.length, type, abi.world));
  }

  broadcast(values: CollectiveArray, root: number): void {
    checkBroadcast("broadcast", values, root, this.size);
    checkCount("broadcast", values);
    const { abi, mpi } = this;
    this.check("broadcast", mpi.broadcast(values, values.length, this.typeOf(values), root, abi.world));
  }

  barrier(): void {
    this.check("barrier", this.mpi.barrier(this.abi.world));
  }

  abort(exitCode = 1): never {
    this.check("abort", this.mpi.abort(this.abi.world, exitCode));
    process.exit(exitCode);
  }

  /** Ends MPI: by agreement with the others, or, if this process failed, by ending them, who would wait for it. */
  close(exitCode: number): void {
    if (exitCode !== 0) this.abort(exitCode);
    for (const started of this.pending) started.wait();
    this.check("finalize", this.mpi.finalize());
  }

  private typeOf(values: CollectiveArray) {
    return this.abi.types[elementTypeOf(values)];
  }

  private check(operation: string, code: number): void {
    if (code === 0) return;
    const [text, length] = [new Uint8Array(LONGEST_ERROR), new Int32Array(1)];
    this.mpi.errorString(code, text, length);
    throw new MpiCallError(operation, code, new TextDecoder().decode(text.subarray(0, length[0])));
  }
}

const LONGEST_ERROR = 512; // MPICH's MPI_MAX_ERROR_STRING, the longest of both

/** MPI counts elements in C's `int`. @throws {CollectiveArgumentError} */
function checkCount(operation: string, { length }: CollectiveArray): void {
  if (length < 2 ** 31) return;
  throw new CollectiveArgumentError(operation, "fewer than 2147483648 elements; split the array", String(length));
}
