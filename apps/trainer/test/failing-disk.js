// Preloaded into the trainer (node --import): counts the calls that change files, and at one of them ends the process or lets the call fail.
// DISK_AT: index of the call, from 0. DISK_FAULT: "kill", or the system's code of an error. DISK_LASTS: every later call fails too.
// DISK_CALLS: "read" counts the calls that read instead.
// Without DISK_AT the number of calls goes to the file DISK_COUNT when the process ends.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

const { DISK_AT, DISK_FAULT, DISK_CALLS, DISK_LASTS, DISK_COUNT } = process.env;
const at = DISK_AT === undefined ? Number.POSITIVE_INFINITY : Number(DISK_AT);
const real = { ...fs };
let calls = 0;

function die() {
  process.kill(process.pid, "SIGKILL");
  for (;;); // the signal may come a moment later
}

function failing(name) {
  return calls > at
    ? DISK_LASTS !== undefined && !["renameSync", "rmSync", "ftruncateSync"].includes(name)
    : calls === at;
}

/** Replaces a function of node:fs by one that is counted where `counts` says so. */
function count(name, counts, path) {
  fs[name] = (...words) => {
    if (!counts(...words)) return real[name](...words);
    const fails = failing(name);
    calls++;
    if (fails && DISK_FAULT === "kill") die();
    if (fails)
      throw Object.assign(new Error(`${DISK_FAULT}: made to fail`), {
        code: DISK_FAULT,
        syscall: name,
        path: path?.(...words),
      });
    return real[name](...words);
  };
}

/** Whether a call is about the program itself, not about a person's files. */
const isOwn = (path) => /node_modules|\/dev\/null/.test(String(path));

if (isMainThread && DISK_CALLS === "read") {
  for (const name of ["readFileSync", "readdirSync", "statSync"])
    count(
      name,
      (path) => !isOwn(path),
      (path) => path,
    );
  syncBuiltinESMExports();
} else if (isMainThread) {
  const always = () => true;
  const file = (fd) => fd > 2;
  count(
    "openSync",
    (_, flags) => /[wa+]/.test(String(flags)),
    (path) => path,
  );
  for (const name of ["mkdirSync", "renameSync", "rmSync"]) count(name, always, (path) => path);
  count("writeFileSync", always, (path) => path);
  for (const name of ["ftruncateSync", "writeSync"]) count(name, file);
  const write = fs.writeSync;
  // A write in two halves, so that one point lies in the middle of it.
  fs.writeSync = (fd, bytes, offset, length, position) => {
    if (fd <= 2 || length < 2) return write(fd, bytes, offset, length, position);
    const half = length >> 1;
    const after = typeof position === "number" ? position + half : position;
    return write(fd, bytes, offset, half, position) + write(fd, bytes, offset + half, length - half, after);
  };
  syncBuiltinESMExports();
  if (DISK_COUNT !== undefined) process.on("exit", () => real.writeFileSync(DISK_COUNT, String(calls)));
}
