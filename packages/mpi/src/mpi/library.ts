import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { MpiMissingError } from "../errors.ts";
import { type Abi, abiOf } from "./abi.ts";

/** A loaded MPI library. */
export interface MpiLibrary {
  /** The file's name. */
  readonly file: string;
  /** First line of the library's own description. */
  readonly version: string;
  readonly handle: Koffi.LibraryHandle;
  readonly abi: Abi;
}

/** File names on Linux. Those of the launcher's kind come first: under another's mpirun each process would be alone. */
const OPEN_MPI = ["libmpi.so.40", "libmpi.so"];
const MPICH = ["libmpich.so.12", "libmpi.so.12", "libmpich.so"];

/**
 * Loads the file named by the environment variable SUMO_MPI, else the first known one that is there.
 *
 * @throws {MpiMissingError} without koffi, or without a library of a known kind.
 */
export function loadMpi(): MpiLibrary {
  const koffi = requireKoffi();
  // UCX, below MPICH and Open MPI, replaces brk and mmap when it is loaded. With Node's threads in malloc, 1 of 100 processes then crashed.
  process.env["UCX_MEM_EVENTS"] ??= "n";
  const chosen = process.env["SUMO_MPI"];
  const failures: string[] = [];
  for (const file of chosen === undefined || chosen === "" ? knownFiles() : [chosen]) {
    try {
      return open(koffi, file);
    } catch (error) {
      failures.push(`${file} (${error instanceof Error ? error.message : error})`);
    }
  }
  const hint = "install one (Debian: apt-get install openmpi-bin, or mpich) or name its file in SUMO_MPI";
  throw new MpiMissingError("connectMpi", `expected Open MPI or MPICH; ${hint}. Tried: ${failures.join("; ")}`);
}

const knownFiles = (): readonly string[] =>
  process.env["PMI_SIZE"] === undefined ? [...OPEN_MPI, ...MPICH] : [...MPICH, ...OPEN_MPI];

function requireKoffi(): typeof Koffi {
  try {
    return createRequire(import.meta.url)("koffi") as typeof Koffi;
  } catch (cause) {
    const message = "expected the package koffi, which loads the library; install it";
    throw new MpiMissingError("connectMpi", message, { cause });
  }
}

const LONGEST_VERSION = 8192; // MPICH's MPI_MAX_LIBRARY_VERSION_STRING, the longest of all

function open(koffi: typeof Koffi, file: string): MpiLibrary {
  // Open MPI's plug-ins resolve its symbols in the global scope.
  const handle = koffi.load(file, { global: true });
  const text = Buffer.alloc(LONGEST_VERSION);
  const length = new Int32Array(1);
  handle.func("int MPI_Get_library_version(void *, void *)")(text, length);
  const [version = ""] = text.toString("utf8", 0, length[0]).split("\n", 1);
  const abi = abiOf(version, handle);
  if (abi === undefined) throw new Error(`is ${JSON.stringify(version)}, which is neither Open MPI nor MPICH`);
  return { file, version: version.replace(/\s+/g, " ").trim(), handle, abi };
}
