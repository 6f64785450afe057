import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, test } from "vitest";
import { CollectiveArgumentError, oneProcess, threadGroup } from "../src/index.ts";
import { bundle } from "./bundle.ts";
import { contract } from "./contract.ts";
import { type Report, scenarios } from "./scenarios.ts";

let script: string;
beforeAll(async () => {
  script = await bundle(join(import.meta.dirname, "ranks", "thread.ts"));
});

/** Runs a scenario on threads. Returns what each rank reported, or the message of its error. */
async function onThreads(scenario: string, size: number): Promise<readonly (Report | string)[]> {
  const group = threadGroup(size);
  return Promise.all(
    group.seats.map(async (seat) => {
      const worker = new Worker(script, { workerData: { seat, scenario } });
      worker.once("exit", () => group.leave(seat.rank));
      try {
        const [report] = await Promise.race([once(worker, "message"), once(worker, "exit")]);
        return report as Report;
      } catch (error) {
        return (error as Error).message;
      }
    }),
  );
}

describe("one process", () => {
  test.each(Object.entries(contract))("%s", (_, run) => run(oneProcess()));
  test("abort throws", () => {
    expect(() => scenarios["abort"]!(oneProcess())).toThrow(
      expect.objectContaining({ code: "COLLECTIVE_ABORTED", rank: 0, exitCode: 7 }),
    );
  });
});

describe("threads", () => {
  test.each([1, 2, 3])("%d keep the contract", async (size) => {
    const reports = await onThreads("contract", size);
    expect(reports).toMatchObject(
      Array.from({ length: size }, (_, rank) => ({ rank, value: Object.keys(contract).length })),
    );
  });

  test("sums are made in rank order", async () => {
    const reports = await onThreads("order", 3);
    expect(reports).toMatchObject([{ value: 1 }, { value: 1 }, { value: 1 }]);
  });

  test.each([
    ["lengths", "broadcast(Float32Array of 4, 0)", "broadcast(Float32Array of 2, 0)"],
    ["operations", "barrier()", 'allReduce(Float32Array of 1, "sum")'],
    ["started", 'allReduce(Float32Array of 1, "sum")', 'allReduce(Float32Array of 2, "sum")'],
  ])("calls that differ are an error on every rank: %s", async (scenario, expected, received) => {
    const error = { code: "COLLECTIVE_MISMATCH", rank: 1, expected, received };
    expect(await onThreads(scenario, 2)).toMatchObject([{ error }, { error }]);
  });

  test("who waits for a rank that failed learns which one", async () => {
    const [first, second, last] = await onThreads("failure", 3);
    const error = { code: "COLLECTIVE_RANK_GONE", rank: 2, operation: "barrier" };
    expect([first, second]).toMatchObject([{ error }, { error }]);
    expect(last).toBe("the last rank fails");
  });

  test("and so who waits for one that left", async () => {
    const error = { code: "COLLECTIVE_RANK_GONE", rank: 1 };
    expect(await onThreads("exit", 2)).toMatchObject([{ error }, { value: "left" }]);
  });

  test("abort ends all", async () => {
    const error = { code: "COLLECTIVE_ABORTED", rank: 0, exitCode: 7 };
    expect(await onThreads("abort", 3)).toMatchObject([{ error }, { error }, { error }]);
  });

  test.each([0, 1.5, Number.NaN, 257])("a group of %d is refused", (size) => {
    expect(() => threadGroup(size)).toThrow(CollectiveArgumentError);
  });

  test("only members leave", () => {
    expect(() => threadGroup(2).leave(2)).toThrow(CollectiveArgumentError);
  });
});
