import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createOptimizer, plan } from "@sumo/core";
import { beforeAll, describe, expect, test } from "vitest";
import * as mpi from "../src/index.ts";
import { CollectiveArgumentError, joinThreads, measured, oneProcess, threadGroup } from "../src/index.ts";
import { bundle } from "./bundle.ts";
import { contract } from "./contract.ts";
import { bitsOf, type Report, scenarios } from "./scenarios.ts";
import {
  CHECKPOINTED,
  EMBEDDING,
  gradientOf,
  OPTIMIZERS,
  parameters,
  TOKENS,
  trainAlone,
  trainClippedAlone,
  trainEmbeddingAlone,
} from "./training.ts";

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

test.each([
  ...[undefined, null, 3, "seat", [], {}, { memory: new ArrayBuffer(64), rank: 0 }],
  ...[
    { memory: new SharedArrayBuffer(0), rank: 0 },
    { memory: new SharedArrayBuffer(1 << 20), rank: 0 },
  ],
  ...[-1, 2, 0.5, Number.NaN, "0", undefined].map((rank) => ({ ...threadGroup(2).seats[0]!, rank })),
])("joinThreads refuses the seat %o", (seat) => {
  expect(() => joinThreads(seat as never)).toThrow(CollectiveArgumentError);
});

test("every function that is exported checks its arguments", () => {
  for (const size of [undefined, null, "2", Number.NaN, Symbol("x"), 0, 2n, {}]) {
    expect(() => threadGroup(size as never)).toThrow(CollectiveArgumentError);
    expect(() => threadGroup(1).leave((size === 0 ? 1 : size) as never)).toThrow(CollectiveArgumentError);
    expect(() => measured(size as never)).toThrow(CollectiveArgumentError);
  }
  const withoutArguments = ["connectMpi", "launchedAs", "oneProcess"];
  const functions = Object.keys(mpi).filter((name) => /^[a-z]/.test(name) && !withoutArguments.includes(name));
  expect(functions).toEqual(["measured", "joinThreads", "threadGroup"]);
});

describe("a measured collective", () => {
  test.each(Object.entries(contract))("keeps the contract: %s", (_, run) => run(measured(oneProcess())));

  test("counts calls and bytes", () => {
    const collective = measured(oneProcess());
    collective.allReduceStart(new Float32Array(3), "sum").wait();
    collective.allReduce(new Float64Array(2), "max");
    collective.allGather(new Uint8Array(5), new Uint8Array(5));
    collective.broadcast(new Int32Array(1), 0);
    collective.barrier();
    expect(collective.traffic).toMatchObject({ calls: 5, bytes: 12 + 16 + 5 + 4 });
    expect(collective.traffic.waitedMs).toBeGreaterThan(0);
  });
});

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
    ["startedLengths", 'allReduce(Float32Array of 1, "sum")', 'allReduce(Float32Array of 2, "sum")'],
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

describe("an optimizer over ranks", () => {
  const aloneOn = (size: number) =>
    Object.fromEntries(Object.entries(OPTIMIZERS).map(([name, group]) => [name, bitsOf(trainAlone(group, size))]));

  test.each([1, 2, 3])("has the bits of one process that accumulates micro-batches: %d", async (size) => {
    const reports = await onThreads("training", size);
    const value = aloneOn(size);
    expect(reports).toMatchObject(Array.from({ length: size }, (_, rank) => ({ rank, value })));
  });

  test("sends projections where a step needs no more, and as many bytes as planned", async () => {
    const [whole, projection] = [300 * 40, 300 * 8];
    const value = [whole, projection, projection, whole];
    expect(await onThreads("traffic", 2)).toMatchObject([{ value }, { value }]);
    const { parameters: planned } = plan([{ name: "w", shape: [300, 40] }], OPTIMIZERS["projected"]!);
    expect(planned).toMatchObject([{ sumBytes: 4 * projection, refreshSumBytes: 4 * whole }]);
  });

  test.each(Object.keys(OPTIMIZERS).filter((name) => !["projected", "long", "cautious", "adaptive"].includes(name)))(
    "is planned to send whole gradients: %s",
    (name) => {
      const { parameters: planned } = plan([{ name: "w", shape: [300, 40] }], OPTIMIZERS[name]!);
      expect(planned).toMatchObject([{ sumBytes: 4 * 300 * 40, refreshSumBytes: 4 * 300 * 40 }]);
    },
  );

  test("refuses a bad gradient on every rank, names its rank, and goes on", async () => {
    const { data } = secondStep([0, 1]);
    const value = {
      code: "OPTIMIZER_NON_FINITE_GRADIENT",
      parameter: "w",
      step: 1,
      rank: 1,
      unchanged: true,
      after: bitsOf(data),
    };
    expect(await onThreads("nonFinite", 2)).toMatchObject([{ value }, { value }]);
  });

  test("or skips it, and takes the mean of the others", async () => {
    const bits = bitsOf(secondStep([0]).data);
    const [first, second] = [0, 1].map((skipped) => [
      [bits, skipped],
      [bits, skipped],
    ]);
    expect(await onThreads("skipped", 2)).toMatchObject([{ value: first }, { value: second }]);
  });

  test.each([
    ["weights", "w"],
    ["changed", "wide"],
  ])("refuses weights that differ: %s", async (scenario, parameter) => {
    const error = { code: "OPTIMIZER_RANKS_DIFFER", parameter, rank: 2 };
    expect(await onThreads(scenario, 3)).toMatchObject([{ error }, { error }, { error }]);
  });

  test("limits the joint norm of the mean", async () => {
    const value = bitsOf(trainClippedAlone(OPTIMIZERS["projected"]!, 3));
    expect(await onThreads("clipped", 3)).toMatchObject([{ value }, { value }, { value }]);
    expect(value).not.toBe(bitsOf(trainAlone(OPTIMIZERS["projected"]!, 3)));
  });

  test("has the same bits where all sums travel at once", async () => {
    const value = bitsOf(trainAlone(OPTIMIZERS["projected"]!, 3));
    expect(await onThreads("started", 3)).toMatchObject([{ value }, { value }, { value }]);
  });

  test("takes the mean over all micro-batches where ranks have other numbers of them", async () => {
    const value = bitsOf(trainAlone(OPTIMIZERS["projected"]!, 3));
    expect(await onThreads("uneven", 2)).toMatchObject([{ value }, { value }]);
  });

  test("refuses another gradient before the last step was waited for", async () => {
    const error = { code: "OPTIMIZER_PARAMETER", parameter: "w" };
    expect(await onThreads("twice", 2)).toMatchObject([{ error }, { error }]);
  });

  test.each([1, 2, 3])("has the same bits where the ranks divide the state: %d", async (size) => {
    const reports = await onThreads("sharded", size);
    const value = aloneOn(size);
    expect(reports).toMatchObject(Array.from({ length: size }, (_, rank) => ({ rank, value })));
  });

  test("has the same bits where matrices are not in memory", async () => {
    const bits = bitsOf(trainAlone(OPTIMIZERS["projected"]!, 2));
    expect(await onThreads("onDevice", 2)).toMatchObject([{ value: [bits, bits] }, { value: [bits, bits] }]);
  });

  test.each([2, 3])("saves a divided state as one process does, and goes on from either: %d", async (size) => {
    const value = Object.fromEntries(CHECKPOINTED.map((name) => [name, [true, 1]]));
    const reports = await onThreads("shardedCheckpoints", size);
    expect(reports).toMatchObject(Array.from({ length: size }, (_, rank) => ({ rank, value })));
  });

  test("reports the same on every rank, and divides the state as planned", async () => {
    const planned = plan(parameters(), OPTIMIZERS["projected"]!, { ranks: 2 });
    const [first, second] = (await onThreads("shardedReport", 2)) as Report[];
    expect(first!.value).toMatchObject({ ...planned, accumulationBytes: expect.any(Number) });
    expect(second!.value).toEqual(first!.value);
    const replicated = 4 * 8 * (40 + 24); // two bases of rank 8
    const [a, b] = planned.shardBytes!;
    expect(a! + b!).toBe(planned.stateBytes + replicated);
    expect(new Set(planned.parameters.map(({ owner }) => owner))).toEqual(new Set([0, 1]));
  });

  test("sends sums to the owner and updates back, as many bytes as planned", async () => {
    const [planned] = plan(parameters().slice(0, 1), OPTIMIZERS["projected"]!, { ranks: 2 }).parameters;
    const { owner, sumBytes, refreshSumBytes, updateBytes, refreshUpdateBytes } = planned!;
    expect(owner).toBe(0);
    expect([sumBytes, updateBytes]).toEqual([4 * 300 * 8, 4 * 300 * 8]);
    const [first, second] = (await onThreads("shardedTraffic", 2)).map((each) => (each as Report).value as number[]);
    const besides = 1000; // what the ranks agree on
    for (const [got, bytes] of [
      [first, [refreshUpdateBytes, updateBytes, updateBytes]],
      [second, [refreshSumBytes, sumBytes, sumBytes]],
    ] as const) {
      for (const [i, sent] of got!.entries()) {
        expect(sent).toBeGreaterThanOrEqual(bytes[i]!);
        expect(sent).toBeLessThan(bytes[i]! + besides);
      }
    }
  });

  test("refuses a bad gradient of a divided step on every rank, before any step", async () => {
    const value = { code: "OPTIMIZER_NON_FINITE_GRADIENT", parameter: "wide", step: 1, rank: 1, unchanged: true };
    expect(await onThreads("shardedNonFinite", 2)).toMatchObject([{ value }, { value }]);
  });

  test("a step that fails on its owner fails on every rank", async () => {
    const value = { code: "OPTIMIZER_STEP_FAILED", parameter: "wide", step: 1, unchanged: true };
    const [first, second] = (await onThreads("shardedFailure", 2)) as Report[];
    expect(first).toMatchObject({ value });
    expect(second!.value).toEqual(first!.value);
  });

  test.each([2, 3])(
    "sums only the rows of a sparse gradient that some rank has, to the same bits: %d",
    async (size) => {
      const bits = bitsOf(trainEmbeddingAlone(size));
      const [rows, cols] = EMBEDDING;
      const [planned] = plan([{ name: "embedding", shape: EMBEDDING, sparse: true }], OPTIMIZERS["adamw"]!).parameters;
      expect(planned!.sumBytes).toBe(4 * rows * cols + rows);
      for (const report of await onThreads("sparse", size)) {
        const [whole, divided] = (report as Report).value as [string, number[]][];
        expect(whole![0]).toBe(bits);
        expect(divided![0]).toBe(bits);
        for (const sent of whole![1].slice(1)) {
          expect(sent).toBeGreaterThan(rows);
          expect(sent).toBeLessThanOrEqual(rows + 4 * size * TOKENS * cols);
        }
      }
    },
  );

  /** The weight after two steps of one process, the first with the gradients of two ranks, the second with those of some. */
  function secondStep(ranks: readonly number[]) {
    const [w] = parameters();
    const options = { microBatches: 2, onNonFinite: "skip" } as const;
    const optimizer = createOptimizer([w!], OPTIMIZERS["projected"]!, options);
    const bad = new Float32Array(300 * 40).fill(Number.NaN);
    for (const rank of [0, 1]) optimizer.stepParameter("w", gradientOf("w", 0, rank));
    for (const rank of [0, 1]) optimizer.stepParameter("w", ranks.includes(rank) ? gradientOf("w", 1, rank) : bad);
    return w!;
  }
});

test.each([
  [{ shardState: true }, "shardState"],
  [{ shardState: 1, collective: oneProcess() }, "shardState"],
  [{ shardState: true, collective: oneProcess(), clip: 1 }, "shardState"],
])("a state cannot be divided with %o", (create, option) => {
  expect(() => createOptimizer(parameters(), OPTIMIZERS["adamw"]!, create as never)).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_OPTION", option }),
  );
});

test("a collective is checked", () => {
  const collective = {} as never;
  expect(() => createOptimizer(parameters(), OPTIMIZERS["adamw"]!, { collective })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_OPTION", option: "collective" }),
  );
});
