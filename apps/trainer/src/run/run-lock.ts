import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "@sumo/training";

const LOCK = "lock";

/**
 * Runs `work` with the run's lock file, which keeps other processes from training the run. A lock whose process has died is replaced.
 *
 * @throws {RunError} if another process is training the run.
 */
export async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK);
  lock(path, folder);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function lock(path: string, folder: string): void {
  if (tryWrite(path)) return;
  const owner = Number(readFileSync(path, "utf8"));
  if (isAlive(owner)) {
    throw new RunError(`${folder} is being trained by process ${owner} (if that is another program, delete ${path})`);
  }
  rmSync(path);
  if (!tryWrite(path)) throw new RunError(`${folder} is being trained by another process`);
}

/** Creates the lock file with this process's id; false if it exists. One system call, so that only one process succeeds. */
function tryWrite(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it runs, as another user
  }
}
