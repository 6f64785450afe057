import type { CollectiveArray } from "@sumo/core";
import type { LibraryHandle } from "koffi";
import type { Abi, Handle } from "./abi.ts";

type Memory = CollectiveArray | BigUint64Array;
/** Returns MPI's error code, 0 for success. */
type Call<Arguments extends readonly unknown[]> = (...args: Arguments) => number;

/** Last arguments of a reduction that one rank receives. */
type RootedReduction = [count: number, type: Handle, op: Handle, root: number, comm: Handle, request: Memory];

/** The functions of MPI that are called, under its names without the prefix. */
export interface MpiFunctions {
  readonly initialized: Call<[flag: Memory]>;
  readonly initThread: Call<[argc: null, argv: null, required: number, provided: Memory]>;
  readonly finalize: Call<[]>;
  readonly abort: Call<[comm: Handle, exitCode: number]>;
  readonly commSetErrhandler: Call<[comm: Handle, handler: Handle]>;
  readonly commRank: Call<[comm: Handle, rank: Memory]>;
  readonly commSize: Call<[comm: Handle, size: Memory]>;
  readonly errorString: Call<[code: number, text: Memory, length: Memory]>;
  readonly barrier: Call<[comm: Handle]>;
  readonly broadcast: Call<[values: Memory, count: number, type: Handle, root: number, comm: Handle]>;
  readonly allReduce: Call<[inPlace: number, values: Memory, count: number, type: Handle, op: Handle, comm: Handle]>;
  readonly allReduceStart: Call<
    [inPlace: number, values: Memory, count: number, type: Handle, op: Handle, comm: Handle, request: Memory]
  >;
  /** Of the root, which reduces in place. */
  readonly reduceHereStart: Call<[inPlace: number, values: Memory, ...RootedReduction]>;
  /** Of the others, which receive nothing. */
  readonly reduceThereStart: Call<[values: Memory, nothing: number, ...RootedReduction]>;
  readonly wait: Call<[request: Memory, status: number]>;
  readonly reduceScatter: Call<[values: Memory, out: Memory, count: number, type: Handle, op: Handle, comm: Handle]>;
  readonly allGather: Call<
    [values: Memory, count: number, type: Handle, out: Memory, outCount: number, outType: Handle, comm: Handle]
  >;
}

/** Declares the functions, whose handles are `abi.handle`. @throws if the library lacks one. */
export function mpiFunctions(library: LibraryHandle, { handle: h }: Abi): MpiFunctions {
  const declare = (name: string, parameters: string) => library.func(`int MPI_${name}(${parameters})`);
  return {
    initialized: declare("Initialized", "void *"),
    initThread: declare("Init_thread", "void *, void *, int, void *"),
    finalize: declare("Finalize", ""),
    abort: declare("Abort", `${h}, int`),
    commSetErrhandler: declare("Comm_set_errhandler", `${h}, ${h}`),
    commRank: declare("Comm_rank", `${h}, void *`),
    commSize: declare("Comm_size", `${h}, void *`),
    errorString: declare("Error_string", "int, void *, void *"),
    barrier: declare("Barrier", h),
    broadcast: declare("Bcast", `void *, int, ${h}, int, ${h}`),
    allReduce: declare("Allreduce", `intptr_t, void *, int, ${h}, ${h}, ${h}`),
    allReduceStart: declare("Iallreduce", `intptr_t, void *, int, ${h}, ${h}, ${h}, void *`),
    reduceHereStart: declare("Ireduce", `intptr_t, void *, int, ${h}, ${h}, int, ${h}, void *`),
    reduceThereStart: declare("Ireduce", `void *, intptr_t, int, ${h}, ${h}, int, ${h}, void *`),
    wait: declare("Wait", "void *, intptr_t"),
    reduceScatter: declare("Reduce_scatter_block", `void *, void *, int, ${h}, ${h}, ${h}`),
    allGather: declare("Allgather", `void *, int, ${h}, void *, int, ${h}, ${h}`),
  };
}
