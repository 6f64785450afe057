import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that makes a step, or only a pass, whenever it is asked. `first` is the line with which it said that it was ready. */
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
