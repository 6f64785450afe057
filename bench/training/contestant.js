import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts a process that runs a step, or only a pass, on request. `first` is its first line of output, sent when it is ready. */
export async function startContestant(name, command, parameters, environment = {}) {
  const child = spawn(command, parameters, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended early`);
    return JSON.parse(value);
  };
  const first = await read();
  /** @param work - `"step"`, or `"pass"`: forward and backward alone. */
  const make = (work) => {
    child.stdin.write(`${work}\n`);
    return read();
  };
  return { name, first, make, stop: () => child.stdin.end() };
}
