import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { RunError } from "@sumo/training";
import { expect, test } from "vitest";
import { openLog, readLog, rewindLog } from "./log-file.ts";

const folder = temporaryFolder();
let count = 0;

function logOf(...steps: number[]): string {
  const path = join(folder, `${count++}.jsonl`);
  const log = openLog(path);
  for (const step of steps) log.write({ step, seconds: step / 2, loss: 1 / (step + 1) });
  log.sync();
  log.close();
  return path;
}

test("what was written is read back", () => {
  expect(readLog(logOf(1, 2))).toEqual([
    { step: 1, seconds: 0.5, loss: 1 / 2 },
    { step: 2, seconds: 1, loss: 1 / 3 },
  ]);
  expect(readLog(join(folder, "nowhere"))).toEqual([]);
});

test("a line that a crash cut short is not read, and is gone after rewinding", () => {
  const path = logOf(1, 2, 3);
  appendFileSync(path, '{"step":4,"seco');
  expect(readLog(path).map(({ step }) => step)).toEqual([1, 2, 3]);
  rewindLog(path, 2);
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(3);
  const log = openLog(path);
  log.write({ step: 3, seconds: 0 });
  log.close();
  expect(readLog(path).map(({ step }) => step)).toEqual([1, 2, 3]);
});

test("a line in the middle that is no JSON is an error that names it", () => {
  const path = logOf(1);
  writeFileSync(path, '{"step":1}\nnonsense\n{"step":2}\n');
  expect(() => readLog(path)).toThrow(RunError);
  expect(() => readLog(path)).toThrow("line 2");
});
