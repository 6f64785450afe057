import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSystemError, RunError, storageError } from "@sumo/training";

const LOCK = "lock";

/** A run's lock file, while this process holds it. */
export interface RunLock {
  /** @throws {RunError} if another process has taken the run over. */
  check(): void;
}

/**
 * Runs `work` with the run's lock file, which keeps other processes from training the run. A lock whose process has died is replaced.
 *
 * @throws {RunError} if another process is training the run.
 */
export async function whileLocked<T>(folder: string, work: (lock: RunLock) => Promise<T>): Promise<T> {
  const path = join(folder, LOCK);
  const own = `${process.pid} ${randomUUID()}`;
  take(path, own, folder);
  const isOurs = (): boolean => existsSync(path) && readFileSync(path, "utf8") === own;
  const check = (): void => {
    // A lock that was deleted is free to take again.
    if (!isOurs() && !tryWrite(path, own)) {
      throw new RunError(`another process has taken over ${folder}; this one wrote nothing since, and stopped`);
    }
  };
  try {
    return await work({ check });
  } finally {
    release(path, isOurs);
  }
}

/** Deletes the lock. One that cannot be deleted does no harm: its process will be dead. */
function release(path: string, isOurs: () => boolean): void {
  try {
    if (isOurs()) rmSync(path, { force: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

function take(path: string, own: string, folder: string): void {
  if (tryWrite(path, own)) return;
  const owner = Number.parseInt(readFileSync(path, "utf8"), 10);
  if (isAlive(owner)) {
    throw new RunError(`${folder} is being trained by process ${owner} (if that is another program, delete ${path})`);
  }
  rmSync(path);
  if (!tryWrite(path, own)) throw new RunError(`${folder} is being trained by another process`);
}

/** Creates the lock file; false if it exists. One system call, so that only one process succeeds. */
function tryWrite(path: string, own: string): boolean {
  try {
    writeFileSync(path, own, { flag: "wx" });
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === "EEXIST") return false;
    rmSync(path, { force: true });
    throw storageError(Object.assign(error, { path }), "the run is as it was", "go on with --resume");
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
