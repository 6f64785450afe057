import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { isInstalled, MPICH, OPEN_MPI } from "@sumo/testing/mpirun";
import { beforeAll, describe, expect, test } from "vitest";
import { checkpoint, errorsOf, launch, logged, losses, runHere, TINY, workplace } from "./command-line.ts";

/** Long enough to be ended in the middle. */
const WORDS = ["--data", "text.txt", ...TINY, "--steps", "100", "--checkpoint-every", "20", "--eval-every", "100"];
const RESUME = ["--resume", "a", "--threads", "1", "--length", "5"];
/** Lines of the log when a run is ended: two checkpoints are written, and the third is not. */
const LINES = 46;

let whole: string;
beforeAll(async () => {
  whole = workplace();
  expect(await runHere(whole, ...WORDS, "--accumulate", "2", "--name", "a")).toBe(0);
});

/** Process of a launcher, by the rank that it was given; `undefined` for the launcher and its helpers. */
interface Started {
  readonly pid: number;
  readonly rank: number | undefined;
}

/** The processes with a mark in their environment. */
function marked(mark: string): readonly Started[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environment = environmentOf(pid);
      if (!environment.includes(`MARK=${mark}`)) return [];
      const rank = environment.find((line) => /^(OMPI_COMM_WORLD|PMI)_RANK=/.test(line))?.split("=")[1];
      return [{ pid: Number(pid), rank: rank === undefined ? undefined : Number(rank) }];
    });
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // it has ended
  }
}

const pidOf = (started: readonly Started[], wanted: number): number => started.find(({ rank }) => rank === wanted)!.pid;

/** Waits until none of the processes is there any more. */
async function haveEnded(started: readonly Started[]): Promise<boolean> {
  for (let i = 0; i < 400; i++) {
    if (!started.some(({ pid }) => isAlive(pid))) return true;
    await pause(25);
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

for (const mpi of [OPEN_MPI, MPICH]) {
  describe.skipIf(!isInstalled(mpi))(mpi.name, () => {
    /** Starts run `a` of two processes, and waits until it is in the middle. */
    async function begin() {
      const [folder, mark] = [workplace(), randomUUID()];
      const { child, ended } = launch(mpi, folder, [{ size: 2, words: [...WORDS, "--name", "a"] }], { MARK: mark });
      await logged(folder, "a", LINES);
      return { folder, ended, launcher: child.pid!, started: marked(mark) };
    }

    test.each(["rank 0", "rank 1", "the launcher"])(
      "SIGKILL of %s loses the steps since the last checkpoint, and no more",
      async (victim) => {
        const { folder, ended, launcher, started } = await begin();
        process.kill(victim === "the launcher" ? launcher : pidOf(started, victim === "rank 0" ? 0 : 1), "SIGKILL");
        const { code, err } = await ended;
        expect(code).not.toBe(0);
        expect(errorsOf({ err })).toEqual([]); // the launcher says it
        expect(await haveEnded(started)).toBe(true);
        expect(await runHere(folder, ...RESUME)).toBe(0);
        expect(checkpoint(folder, "a")).toEqual(checkpoint(whole, "a"));
      },
    );

    test("a rank that stands still for a while is waited for", async () => {
      const { folder, ended, started } = await begin();
      process.kill(pidOf(started, 1), "SIGSTOP");
      await pause(300);
      process.kill(pidOf(started, 1), "SIGCONT");
      expect(await ended).toMatchObject({ code: 0, err: "" });
      expect(checkpoint(folder, "a")).toEqual(checkpoint(whole, "a"));
    });

    test("SIGTERM of a rank saves, and ends all", async () => {
      const { folder, ended, started } = await begin();
      process.kill(pidOf(started, 1), "SIGTERM");
      const { out } = await ended;
      const [, step] = /saved at step (\d+) of 100/.exec(out)!;
      expect(losses(folder, "a").at(-1)).toMatchObject({ step: Number(step) });
      expect(await haveEnded(started)).toBe(true);
      expect(await runHere(folder, ...RESUME)).toBe(0);
      expect(checkpoint(folder, "a")).toEqual(checkpoint(whole, "a"));
    });

    test.each(["64", "120"])("a disk that is full ends all where the state is divided, too: at call %s", async (at) => {
      const folder = workplace();
      const words = [...WORDS, "--shard-state", "--name", "a"];
      const node = ["--import", new URL("./failing-disk.js", import.meta.url).href];
      const parts = [
        { size: 1, words, node },
        { size: 1, words },
      ];
      const disk = { DISK_AT: at, DISK_FAULT: "ENOSPC", DISK_LASTS: "yes" };
      const result = await launch(mpi, folder, parts, disk).ended;
      expect(result.code).toBe(1);
      expect(errorsOf(result)).toEqual([
        expect.stringMatching(/no space is left.*the run is saved at step \d+ of 100/),
      ]);
      expect(await runHere(folder, ...RESUME)).toBe(0);
      expect(checkpoint(folder, "a")).toEqual(checkpoint(whole, "a"));
    });

    test("a rank whose gradient is NaN ends all with one line, and the last checkpoint is good", async () => {
      const folder = workplace();
      const words = [...WORDS.map((word) => word.replace("text.txt", "examples.jsonl")), "--name", "a"];
      const node = ["--import", new URL("./poisoned-rank.js", import.meta.url).href];
      const result = await launch(mpi, folder, [
        { size: 1, words },
        { size: 1, words, node },
      ]).ended;
      expect(result.code).toBe(1);
      expect(errorsOf(result)).toEqual([
        expect.stringMatching(/^error: training diverged: at step 31 a gradient of .* is not finite on rank 1/),
      ]);
      expect(losses(folder, "a").at(-1)).toMatchObject({ step: 30 });
      expect(await runHere(folder, ...RESUME)).toBe(0);
    });
  });
}
