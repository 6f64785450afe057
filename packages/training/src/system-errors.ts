import { StorageError } from "./errors.ts";

/** An error of the operating system, as Node reports it. */
export interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
  /** Second path of an operation on two. */
  readonly dest?: string;
}

/** Problem and remedy by the system's code. */
const PROBLEMS: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ENOSPC: ["no space is left on the disk", "make room"],
  EDQUOT: ["the disk quota is used up", "make room"],
  EFBIG: ["the file would be larger than this file system allows", "choose a folder on another disk"],
  EROFS: ["the file system is read-only", "choose a folder that can be written"],
  EACCES: ["permission is denied", "change the permissions, or choose another path"],
  EPERM: ["the operation is not permitted", "change the permissions, or choose another path"],
  EEXIST: ["a file of that name is in the way", "choose another path"],
  ENOTDIR: ["a part of the path is a file, not a folder", "choose another path"],
  EISDIR: ["a folder of that name is in the way", "choose another path"],
  ENOTEMPTY: ["the folder is not empty", "choose another path"],
  ENOENT: ["there is no such file or folder", "check the path"],
  ELOOP: ["its links lead in a circle", "check the path"],
  ENAMETOOLONG: ["the name is too long for this file system", "choose a shorter name"],
  EMFILE: ["too many files are open", "raise the limit (ulimit -n)"],
  ENFILE: ["too many files are open", "end other programs"],
  EBUSY: ["the file is in use", "end the program that uses it"],
  EIO: ["the disk failed to read or write", "check the disk, and copy what is on it"],
};

/** Whether an error is the operating system's. */
export function isSystemError(error: unknown): error is SystemError {
  const { code, syscall } = error as Partial<SystemError>;
  return error instanceof Error && typeof code === "string" && typeof syscall === "string";
}

/**
 * Describes an error of the operating system in one line.
 *
 * @param consequence - what became of the work.
 * @param afterwards - what to do once the problem is solved.
 */
export function storageError(error: SystemError, consequence: string, afterwards?: string): StorageError {
  const [problem, remedy] = PROBLEMS[error.code] ?? [`the system says ${error.code}`, "check the path and the disk"];
  const path = error.dest ?? error.path;
  const place = path === undefined ? "" : `${path}: `;
  const then = afterwards === undefined ? "" : `, then ${afterwards}`;
  return new StorageError(`${place}${problem}; ${consequence}; ${remedy}${then}`, { cause: error });
}
