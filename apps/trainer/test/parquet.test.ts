import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { logged, losses, run, start, TINY, workplace } from "./command-line.ts";

const WORDS = [...TINY, "--context", "48", "--eval-every", "3", "--checkpoint-every", "3"];
const questions = Array.from({ length: 40 }, (_, i) => ({ prompt: `${i} + ${i}? `, completion: String(2 * i) }));

/** A page whose header says nothing of how long its levels are, so that the decoder never comes to their end. */
const ENDLESS =
  "UEFSMRUGFRoVHlwVBhUCFQYVABWBFQAAAAMDCygCAAAAYWEBAAAAYhUEGSxIBHJvb3QVAgAVDCUCGAR0ZXh0JQAAFgYZHBkcJggcFQwZFQAZGAR0ZXh0FQIWBhZEFkgmCAAAFkQWBjZIACgJaHlwYXJxdWV0GRwcAAAAUwAAAFBBUjE=";

test("examples of a Parquet file are those of the same lines; a killed run goes on with the same bits", async () => {
  const folder = workplace();
  const columnData = (["prompt", "completion"] as const).map((name) => {
    return { name, data: questions.map((question) => question[name]), type: "STRING" as const };
  });
  writeFileSync(join(folder, "sums.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
  writeFileSync(join(folder, "sums.jsonl"), questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const { child, ended } = start(folder, "--data", "sums.parquet", ...WORDS, "--steps", "100", "--name", "a");
  await logged(folder, "a", 6);
  child.kill("SIGTERM");
  await ended;
  const { code, err } = await run(folder, "--resume", "a");
  expect(err).toBe("");
  expect(code).toBe(0);
  const { out } = await run(folder, "--data", "sums.jsonl", ...WORDS, "--steps", "100", "--name", "lines");
  expect(out).toContain("40 examples");
  expect(losses(folder, "a")).toEqual(losses(folder, "lines"));
});

test.each([
  ["is damaged", Buffer.from("PAR1 nothing PAR1"), /error: data: .*damaged\.parquet cannot be read as Parquet: .*\n$/],
  ["never ends", Buffer.from(ENDLESS, "base64"), /error: data: .* cannot be read as Parquet: it does not end\n$/],
])("a file that %s is refused in one line, before the run begins", async (_, content, message) => {
  const folder = workplace();
  writeFileSync(join(folder, "damaged.parquet"), content);
  const { code, err } = await run(folder, "--data", "damaged.parquet", ...WORDS, "--name", "a");
  expect(code).toBe(1);
  expect(err).toMatch(message);
  expect(err.trim().split("\n")).toHaveLength(1);
  expect(existsSync(join(folder, "runs", "a"))).toBe(false);
});
