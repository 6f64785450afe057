import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, finished, isInstalled, MPICH, mpirun, OPEN_MPI } from "@sumo/testing/mpirun";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { beforeAll, describe, expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { contract } from "./contract.ts";
import { bitsOf, type Report } from "./scenarios.ts";
import { CHECKPOINTED, OPTIMIZERS, trainAlone, trainEmbeddingAlone } from "./training.ts";

let script: string;
beforeAll(async () => {
  script = await bundle(join(import.meta.dirname, "ranks", "process.ts"));
});

const reportsOf = ({ stdout }: Finished): readonly Report[] =>
  Array.from(stdout.matchAll(/^\{.*\}$/gm), ([line]) => JSON.parse(line) as Report).sort((a, b) => a.rank - b.rank);
/** Units of roundoff by which weights may differ after some steps whose sums are rounded otherwise. */
const MOST_ROUNDINGS = 1000;
const cases = Object.keys(contract).length;
/** Bits of the weights of one process that accumulates two micro-batches, by optimizer. */
const bitsAlone = () =>
  Object.fromEntries(Object.entries(OPTIMIZERS).map(([name, group]) => [name, bitsOf(trainAlone(group, 2))]));

for (const mpi of [OPEN_MPI, MPICH]) {
  const other = mpi === OPEN_MPI ? MPICH : OPEN_MPI;
  const run = (size: number, scenario: string, environment = {}) => mpirun(mpi, size, script, [scenario], environment);

  describe.skipIf(!isInstalled(mpi))(mpi.name, () => {
    test.each([2, 3])("%d processes keep the contract", async (size) => {
      const result = await run(size, "contract");
      expect(result).toMatchObject({ code: 0 });
      const name = expect.stringContaining(mpi.version);
      expect(reportsOf(result)).toMatchObject(
        Array.from({ length: size }, (_, rank) => ({ rank, name, value: cases })),
      );
    });

    test("two have the bits of one process that accumulates two micro-batches", async () => {
      const value = bitsAlone();
      expect(reportsOf(await run(2, "training"))).toMatchObject([{ value }, { value }]);
    });

    test("and so where they divide the state", async () => {
      const value = bitsAlone();
      expect(reportsOf(await run(2, "sharded"))).toMatchObject([{ value }, { value }]);
    });

    test("which goes into the checkpoint of one process", async () => {
      const value = Object.fromEntries(CHECKPOINTED.map((name) => [name, [true, 1]]));
      expect(reportsOf(await run(2, "shardedCheckpoints"))).toMatchObject([{ value }, { value }]);
    });

    test("two sum only the rows of a sparse gradient that they have, to the same bits", async () => {
      const bits = bitsOf(trainEmbeddingAlone(2));
      const value = [
        [bits, expect.any(Array)],
        [bits, expect.any(Array)],
      ];
      expect(reportsOf(await run(2, "sparse"))).toMatchObject([{ value }, { value }]);
    });

    test("three have their weights but for the order of sums", async () => {
      for (const { value } of reportsOf(await run(3, "rounding"))) {
        for (const [name, difference] of Object.entries(value as Record<string, number>)) {
          expect(difference, name).toBeLessThan(MOST_ROUNDINGS * 2 ** -24);
        }
      }
    });

    test("a process that nobody launched is a world of one", async () => {
      const result = await finished(process.execPath, [script, "contract"], { SUMO_MPI: mpi.library });
      expect(result.code).toBe(0);
      const name = expect.stringContaining(mpi.version);
      expect(reportsOf(result)).toMatchObject([{ rank: 0, name, value: cases }]);
    });

    test("lengths that differ are an error with MPI's code and text", async () => {
      const [first, second] = reportsOf(await run(2, "lengths"));
      expect(first).toMatchObject({ value: "done" });
      const error = { code: "MPI_CALL", operation: "broadcast", message: expect.stringMatching(/truncat/i) };
      expect(second).toMatchObject({ error });
      expect(second!.error!["mpiCode"]).not.toBe(0);
    });

    test("a reduction that nobody waited for ends before the process does", async () => {
      const result = await run(2, "unfinished");
      expect(result).toMatchObject({ code: 0 });
      expect(reportsOf(result)).toMatchObject([{ value: "done" }, { value: "done" }]);
    });

    test("abort ends all with its exit code", async () => {
      const result = await run(2, "abort");
      expect(result.code).toBe(7);
      expect(reportsOf(result)).toEqual([]);
    });

    test("a rank that throws prints its error, and ends those that wait for it", async () => {
      const result = await run(3, "failure");
      expect(result.code).toBe(1);
      expect(result.stderr).toContain("rank 2: Error: the last rank fails");
      expect(reportsOf(result)).toEqual([]);
    });

    test("a rank that is killed ends those that wait for it", async () => {
      const result = await run(3, "kill");
      expect(result.code).not.toBe(0);
      expect(reportsOf(result)).toEqual([]);
    });

    test.skipIf(!isInstalled(other))(`the library of ${other.name} is refused under this mpirun`, async () => {
      const result = await run(2, "contract", { SUMO_MPI: other.library });
      expect(result.code).not.toBe(0);
      expect(result.stderr).toContain("MpiLaunchError");
    });
  });
}

test("UCX's hooks of memory functions are off, unless the user turns them on", async () => {
  const print = `
    process.once("exit", () => console.log(process.env.UCX_MEM_EVENTS));
    import(${JSON.stringify(script)});`;
  for (const [environment, printed] of [
    [{}, "n"],
    [{ UCX_MEM_EVENTS: "y" }, "y"],
  ] as const) {
    const result = await finished(process.execPath, ["-e", print], { SUMO_MPI: "libnone.so", ...environment });
    expect(result.stdout.trim()).toBe(printed);
  }
});

test("a library that is not there is named", async () => {
  const { code, stderr } = await finished(process.execPath, [script, "contract"], { SUMO_MPI: "libnone.so" });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/MpiMissingError.*Tried: libnone\.so/);
});

test("a library that is no MPI is named", async () => {
  const { code, stderr } = await finished(process.execPath, [script, "contract"], { SUMO_MPI: "libm.so.6" });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/MpiMissingError.*Tried: libm\.so\.6/);
});

test("koffi is asked for where it is missing", async () => {
  const elsewhere = join(temporaryFolder(), "script.mjs");
  copyFileSync(script, elsewhere);
  const { code, stderr } = await finished(process.execPath, [elsewhere, "contract"]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/MpiMissingError.*koffi/);
});
