import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { type CheckpointPieces, RunError } from "@sumo/training";
import { expect, test } from "vitest";
import {
  hasManifest,
  readCheckpoint as read,
  writeCheckpoint as write,
  writeFirstManifest,
} from "./checkpoint-files.ts";
import { allBytes } from "./disk-file.ts";
import { EMPTY_LOG } from "./log-file.ts";

const contents = (step: number) => ({ step, model: `weights of ${step}`, optimizer: `state of ${step}` });
const checkpoint = (step: number): CheckpointPieces => {
  const { model, optimizer } = contents(step);
  return { step, model: ["", ...model].map((letter) => Buffer.from(letter)), optimizer: [Buffer.from(optimizer)] };
};
const DIGESTS = { config: "c", tokenizer: "t", log: EMPTY_LOG };
const writeCheckpoint = (folder: string, saved: CheckpointPieces): void => write(folder, saved, DIGESTS);

/** The checkpoint of a folder, with its files read. */
function readCheckpoint(folder: string): ReturnType<typeof contents> | undefined {
  const found = read(folder);
  if (found === undefined) return undefined;
  const [model, optimizer] = [found.model, found.optimizer].map((file) => Buffer.from(allBytes(file)).toString());
  return { step: found.step, model: model!, optimizer: optimizer! };
}
const FILES = ["model.safetensors", "optimizer.safetensors"];

test("the last checkpoint written is the one read, and no file is left aside", () => {
  const folder = temporaryFolder();
  expect(hasManifest(folder)).toBe(false);
  for (const step of [1, 2, 3]) writeCheckpoint(folder, checkpoint(step));
  expect(hasManifest(folder)).toBe(true);
  expect(readCheckpoint(folder)).toEqual(contents(3));
  expect(readdirSync(folder).sort()).toEqual(["checkpoint.json", ...FILES]);
});

/** The folders that a process leaves which dies between two operations on files while it replaces checkpoint 1 by checkpoint 2. */
function* crashes(): Generator<{ folder: string; step: number }> {
  const done = temporaryFolder();
  writeCheckpoint(done, checkpoint(2));
  for (let operations = 0; operations <= 6; operations++) {
    const folder = temporaryFolder();
    writeCheckpoint(folder, checkpoint(1));
    const take =
      (name: string): (() => void) =>
      () =>
        copyFileSync(join(done, name), join(folder, `${name}.new`));
    const rename =
      (name: string): (() => void) =>
      () =>
        renameSync(join(folder, `${name}.new`), join(folder, name));
    const replace = [...FILES.map(take), take("checkpoint.json"), rename("checkpoint.json"), ...FILES.map(rename)];
    for (const operation of replace.slice(0, operations)) operation();
    yield { folder, step: operations < 4 ? 1 : 2 };
  }
}

test("a process that dies at any moment leaves one whole checkpoint, and the next one can be written over it", () => {
  for (const { folder, step } of crashes()) {
    const before = readdirSync(folder).sort();
    expect(readCheckpoint(folder)).toEqual(contents(step));
    expect(readdirSync(folder).sort()).toEqual(before);
    writeCheckpoint(folder, checkpoint(3));
    expect(readCheckpoint(folder)).toEqual(contents(3));
  }
});

test("dying again while the next checkpoint is written aside loses nothing", () => {
  for (const { folder, step } of crashes()) {
    const cut = function* (): Generator<Uint8Array> {
      yield Buffer.from("state");
      throw new Error("died");
    };
    expect(() => writeCheckpoint(folder, { ...checkpoint(3), optimizer: cut() })).toThrow("died");
    expect(readCheckpoint(folder)).toEqual(contents(step));
  }
});

test.each(FILES)("a damaged or missing %s is refused", (name) => {
  const folder = temporaryFolder();
  writeCheckpoint(folder, checkpoint(1));
  const path = join(folder, name);
  const bytes = readFileSync(path);
  for (let i = 0; i < bytes.length; i++) {
    const flipped = Uint8Array.from(bytes);
    flipped[i]! ^= 1;
    writeFileSync(path, flipped);
    expect(() => readCheckpoint(folder)).toThrow(RunError);
  }
  writeFileSync(path, bytes.subarray(0, 5));
  expect(() => readCheckpoint(folder)).toThrow(`damaged run: ${path} is not the one`);
  rmSync(path);
  expect(() => readCheckpoint(folder)).toThrow(`${path} is missing`);
});

test("a file that is replaced while it is read is refused", () => {
  const folder = temporaryFolder();
  writeCheckpoint(folder, checkpoint(1));
  const { model } = read(folder)!;
  writeCheckpoint(folder, checkpoint(2)); // another process saves
  expect(() => allBytes(model)).toThrow(RunError);
  expect(() => allBytes(model)).toThrow("changed while it was read");
});

test.each(["", "{", "null", '{"step":-1}', '{"step":1,"model":2,"optimizer":3}'])(
  "a damaged manifest is refused: %s",
  (content) => {
    const folder = temporaryFolder();
    writeCheckpoint(folder, checkpoint(1));
    writeFileSync(join(folder, "checkpoint.json"), content);
    expect(() => readCheckpoint(folder)).toThrow("damaged checkpoint");
  },
);

test("a folder without a manifest is refused; one whose seed makes its weights has none, and takes no others", () => {
  const folder = temporaryFolder();
  expect(() => readCheckpoint(folder)).toThrow("checkpoint.json is missing");
  writeFirstManifest(folder, DIGESTS);
  expect(readCheckpoint(folder)).toBeUndefined();
  writeFileSync(join(folder, "model.safetensors"), "another run's");
  expect(() => readCheckpoint(folder)).toThrow("model.safetensors is not the one");
});
