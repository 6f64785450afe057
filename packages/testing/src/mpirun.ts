import { spawn, spawnSync } from "node:child_process";

/** An MPI with its launcher; Debian installs both side by side. */
export interface Mpi {
  readonly name: string;
  readonly launcher: string;
  readonly options: readonly string[];
  readonly library: string;
  /** Start of the version string. */
  readonly version: string;
}

export const OPEN_MPI: Mpi = {
  name: "Open MPI",
  launcher: "mpirun.openmpi",
  options: ["--allow-run-as-root", "--oversubscribe"],
  library: "libmpi.so.40",
  version: "Open MPI v",
};
export const MPICH: Mpi = {
  name: "MPICH",
  launcher: "mpirun.mpich",
  options: [],
  library: "libmpich.so.12",
  version: "MPICH Version: ",
};

/** Whether it is installed; says so if not. */
export function isInstalled({ name, launcher }: Mpi): boolean {
  const installed = spawnSync(launcher, ["--version"]).status === 0;
  if (!installed) {
    console.warn(
      `Tests of ${name} are skipped: no ${launcher}. Install it (Debian: apt-get install openmpi-bin libopenmpi3 mpich).`,
    );
  }
  return installed;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of Node on `size` processes. */
export function mpirun(
  { launcher, options }: Mpi,
  size: number,
  script: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return finished(launcher, [...options, "-n", String(size), process.execPath, script, ...args], environment);
}

/** Runs a program, for at most a minute, without colours and paths of modules that the test runner sets. */
export function finished(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const env = { ...process.env, FORCE_COLOR: "0", NODE_PATH: "", ...environment };
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
