import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, MPICH, OPEN_MPI } from "@sumo/testing/mpirun";
import { beforeAll, describe, expect, test } from "vitest";
import { readLog } from "../src/run/log-file.ts";
import { runNames } from "../src/run/run-folder.ts";
import { checkpoint, errorsOf, launch, losses, runHere, TINY, workplace } from "./command-line.ts";

const WORDS = ["--data", "text.txt", ...TINY, "--steps", "6", "--checkpoint-every", "3", "--eval-every", "3"];

/** Names of the runs of the cases, and their words. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  projected: [...WORDS, "--residual", "off", "--rank", "4"],
  whole: [...WORDS, "--residual", "fira"],
  muon: [...WORDS, "--optimizer", "muon", "--tied"],
  rounded: [...WORDS, "--weights", "bf16", "--residual", "off"],
  examples: [...WORDS.map((word) => word.replace("text.txt", "examples.jsonl")), "--residual", "off"],
};

/** Losses of a run's log, without what only several processes log. */
const lossesOf = (folder: string, name: string) =>
  losses(folder, name).map(({ sentBytes: _, waited: __, ...line }) => line);

/** The runs of one process that accumulates as many passes as there are processes elsewhere. */
let alone: string;
beforeAll(async () => {
  alone = workplace();
  for (const [name, words] of Object.entries(CASES)) {
    expect(await runHere(alone, ...words, "--accumulate", "2", "--name", name)).toBe(0);
  }
  const words = [...CASES["projected"]!, "--steps", "2", "--accumulate", "2", "--name", "resumed"];
  for (const each of [words, goOn("4"), goOn("6")]) expect(await runHere(alone, ...each)).toBe(0);
});

const goOn = (steps: string): readonly string[] => [
  "--resume",
  "resumed",
  "--steps",
  steps,
  "--threads",
  "1",
  "--length",
  "5",
];

for (const mpi of [OPEN_MPI, MPICH]) {
  describe.skipIf(!isInstalled(mpi))(mpi.name, () => {
    const folder = workplace();
    const runOn = (size: number, ...words: readonly string[]) => launch(mpi, folder, [{ size, words }]).ended;

    test.each(Object.entries(CASES))("two processes have the bits of one: %s", async (name, words) => {
      const { code, out, err } = await runOn(2, ...words, "--name", name);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out.match(/held out/g)).toHaveLength(1); // rank 0 alone prints
      expect(lossesOf(folder, name)).toEqual(lossesOf(alone, name));
      expect(checkpoint(folder, name)).toEqual(checkpoint(alone, name));
    });

    test.each(["projected", "muon", "rounded"])("and so where they divide the optimizer's state: %s", async (name) => {
      const { code, out, err } = await runOn(2, ...CASES[name]!, "--shard-state", "--name", `${name}-divided`);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(/divided: .* on the process with most/);
      expect(lossesOf(folder, `${name}-divided`)).toEqual(lossesOf(alone, name));
      expect(checkpoint(folder, `${name}-divided`)).toEqual(checkpoint(alone, name));
    });

    test("a run whose state is divided goes on with another number of processes, and back", async () => {
      const words = [...CASES["projected"]!, "--steps", "2", "--shard-state", "--name", "divided"];
      const again = (steps: string) => goOn(steps).map((word) => (word === "resumed" ? "divided" : word));
      expect(await runOn(2, ...words)).toMatchObject({ code: 0, err: "" });
      expect(await runHere(folder, ...again("4"))).toBe(0);
      expect(await runOn(2, ...again("6"), "--shard-state")).toMatchObject({ code: 0, err: "" });
      expect(checkpoint(folder, "divided")).toEqual(checkpoint(alone, "resumed"));
    });

    test("a run goes on with the same bits on another number of processes", async () => {
      const two = await runOn(2, ...CASES["projected"]!, "--steps", "2", "--name", "resumed");
      expect(await runHere(folder, ...goOn("4"))).toBe(0);
      const again = await runOn(2, ...goOn("6"));
      for (const { code, err } of [two, again]) expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(lossesOf(folder, "resumed")).toEqual(lossesOf(alone, "resumed"));
      expect(checkpoint(folder, "resumed")).toEqual(checkpoint(alone, "resumed"));
    });

    test("traffic is logged and shown", async () => {
      const [step] = readLog(join(folder, "runs", "whole", "log.jsonl")).filter(({ loss }) => loss !== undefined);
      expect(step!.sentBytes).toBeGreaterThan(0);
      // Whole gradients but for the embedding's, which has rows for 256 tokens, of which a step has at most 64.
      const { size } = statSync(join(folder, "runs", "whole", "model.safetensors"));
      expect(step!.sentBytes).toBeLessThan(size - 4 * 16 * (256 - 64) + 1000);
      expect(step!.waited).toBeGreaterThan(0);
    });

    test("one clear line where they are too many, or run what runs alone", async () => {
      const many = await runOn(3, ...WORDS, "--accumulate", "2");
      expect(errorsOf(many)).toEqual([expect.stringContaining("3 processes cannot share steps of 2 passes")]);
      const compared = await runOn(2, ...WORDS, "--compare", "sumo");
      expect(errorsOf(compared)).toEqual([expect.stringContaining("--compare runs in one process")]);
      const listed = await runOn(2, "runs", "list");
      expect(errorsOf(listed)).toEqual([expect.stringContaining("runs runs in one process")]);
      expect(many.code).toBe(1);
      expect(listed.code).toBe(1);
      expect(compared.code).toBe(1);
    });

    test("one clear line where one rank alone is to divide the state", async () => {
      const parts = [[...WORDS, "--shard-state"], WORDS].map((words) => ({ size: 1, words }));
      const result = await launch(mpi, folder, parts).ended;
      expect(result.code).toBe(1);
      expect(errorsOf(result)).toEqual([expect.stringMatching(/rank 1 on .*an option differs from that of rank 0/)]);
    });

    test("one clear line where the text of a rank differs, or is missing", async () => {
      writeFileSync(join(folder, "other.txt"), "the quick brown fox jumps over the lazy cat; ".repeat(60));
      for (const [text, message] of [
        ["other.txt", /rank 1 on .*other\.txt differs from that of rank 0/],
        ["none.txt", /rank 1 on .*none\.txt/],
      ] as const) {
        const before = runNames(join(folder, "runs"));
        const result = await launch(mpi, folder, [
          { size: 1, words: WORDS },
          { size: 1, words: WORDS.map((word) => word.replace("text.txt", text)) },
        ]).ended;
        expect(result.code).toBe(1);
        expect(errorsOf(result)).toEqual([expect.stringMatching(message)]);
        expect(runNames(join(folder, "runs"))).toEqual(before);
      }
    });
  });
}
