import type { Reduction } from "@sumo/core";
import type { LibraryHandle } from "koffi";
import type { ElementType } from "../arguments.ts";

/** The constants of an MPI library's binary interface, which differ between libraries. */
export interface Abi {
  /** The C type of handles. */
  readonly handle: "int" | "intptr_t";
  readonly world: Handle;
  readonly errorsReturn: Handle;
  readonly types: Readonly<Record<ElementType, Handle>>;
  readonly reductions: Readonly<Record<Reduction, Handle>>;
  /** Address in place of a send buffer. */
  readonly inPlace: number;
  /** Address in place of a status. */
  readonly statusIgnore: number;
}

export type Handle = number | bigint;

/** The interface of a library by its version string; `undefined` if it is of no known kind. */
export function abiOf(version: string, library: LibraryHandle): Abi | undefined {
  if (version.startsWith("Open MPI")) return openMpi(library);
  return /MPICH|MVAPICH|Intel\(R\) MPI/.test(version) ? MPICH : undefined;
}

/** Open MPI's handles are addresses of exported symbols. @see its mpi.h */
function openMpi(library: LibraryHandle): Abi {
  const address = (name: string): bigint => library.symbol(`ompi_mpi_${name}`) as bigint;
  return {
    handle: "intptr_t",
    world: address("comm_world"),
    errorsReturn: address("errors_return"),
    types: {
      Float32Array: address("float"),
      Float64Array: address("double"),
      Int32Array: address("int32_t"),
      Uint8Array: address("uint8_t"),
    },
    reductions: { sum: address("op_sum"), max: address("op_max") },
    inPlace: 1,
    statusIgnore: 0,
  };
}

/** The handles of MPICH and of those that keep its binary interface. @see its mpi.h */
const MPICH: Abi = {
  handle: "int",
  world: 0x44000000,
  errorsReturn: 0x54000001,
  types: {
    Float32Array: 0x4c00040a,
    Float64Array: 0x4c00080b,
    Int32Array: 0x4c000439,
    Uint8Array: 0x4c00013b,
  },
  reductions: { sum: 0x58000003, max: 0x58000001 },
  inPlace: -1,
  statusIgnore: 1,
};
