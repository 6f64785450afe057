import { writeSync } from "node:fs";
import { inspect } from "node:util";
import type { Collective } from "@sumo/core";
import { MpiCallError, MpiLaunchError } from "../errors.ts";
import { mpiFunctions } from "./functions.ts";
import { launchedAs } from "./launch.ts";
import { loadMpi, type MpiLibrary } from "./library.ts";
import { MpiCollective } from "./mpi-collective.ts";

const THREAD_FUNNELED = 1;
let world: MpiCollective | undefined;

/**
 * Joins the processes that `mpirun` or `srun` started; a process that was started alone is a world of one rank. Further calls return the same.
 *
 * Loads Open MPI or MPICH with the package koffi: the file that the environment variable SUMO_MPI names, else the first one found. MPI ends
 * with the process; one that exits with a code other than 0, e.g. for an error that nobody caught, ends all others. Operations must be called from
 * the thread that called this.
 *
 * @throws {MpiMissingError} without koffi or a library. @throws {MpiLaunchError} if the library is not the launcher's, or runs in another
 * thread of this process already. @throws {MpiCallError}
 */
export function connectMpi(): Collective {
  world ??= connect(loadMpi());
  return world;
}

function connect(library: MpiLibrary): MpiCollective {
  const { abi, file, handle, version } = library;
  const mpi = mpiFunctions(handle, abi);
  const flag = new Int32Array(1);
  mpi.initialized(flag);
  if (flag[0] !== 0)
    throw new MpiLaunchError("connectMpi", "expected to initialize MPI, but another thread has done so");
  const code = mpi.initThread(null, null, THREAD_FUNNELED, flag);
  if (code !== 0) throw new MpiCallError("connectMpi", code, `${file} could not be initialized`);
  const collective = new MpiCollective(version, mpi, abi);
  closeAtExit(collective);
  checkSize(collective, file);
  return collective;
}

/** MPI's abort kills the process before Node prints the error that ends it; so it is printed here, with its rank. */
function closeAtExit(collective: MpiCollective): void {
  let uncaught: { readonly error: unknown } | undefined;
  process.on("uncaughtExceptionMonitor", (error) => {
    if (process.listenerCount("uncaughtException") === 0) uncaught = { error };
  });
  process.once("exit", (exitCode) => {
    if (uncaught !== undefined) writeSync(STDERR, `rank ${collective.rank}: ${inspect(uncaught.error)}\n`);
    // The launcher may end before it has read the message of a process that aborts.
    if (exitCode !== 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS_MS);
    collective.close(exitCode);
  });
}

const STDERR = 2;
const LAST_WORDS_MS = 300;

/** Under the mpirun of another MPI each process is alone. @throws {MpiLaunchError} */
function checkSize({ name, size }: Collective, file: string): void {
  const launched = launchedAs()?.size;
  if (launched === undefined || launched === size) return;
  throw new MpiLaunchError(
    "connectMpi",
    `expected the ${launched} processes that were launched, got ${size} of ${file} (${name}); use this library's mpirun, or name the launcher's library in SUMO_MPI`,
  );
}
