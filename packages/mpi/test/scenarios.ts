import { createHash } from "node:crypto";
import { type Collective, createOptimizer, type StepFailedError } from "@sumo/core";
import { measured } from "../src/index.ts";
import { contract } from "./contract.ts";
import {
  CHECKPOINTED,
  EMBEDDING,
  embeddingGradientOf,
  gradientOf,
  gradientsOf,
  OPTIMIZERS,
  parameters,
  trainAlone,
  trainClippedOnRank,
  trainOnRank,
} from "./training.ts";

/** A checksum of bits. */
export const bitsOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): string =>
  createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");

/** Weights, and an optimizer's file. */
interface Checkpoint {
  readonly weights: readonly Float32Array[];
  readonly state: Uint8Array;
}

/** The file of rank 0, on every rank. */
function onAll(collective: Collective, file: Uint8Array): Uint8Array {
  const length = Int32Array.of(file.length);
  collective.broadcast(length, 0);
  const copy = collective.rank === 0 ? file : new Uint8Array(length[0]!);
  collective.broadcast(copy, 0);
  return copy;
}

/** Programs of a rank, by name. */
export const scenarios: Readonly<Record<string, (collective: Collective) => unknown>> = {
  contract: (collective) => {
    for (const [name, run] of Object.entries(contract)) {
      try {
        run(collective);
      } catch (cause) {
        throw new Error(name, { cause });
      }
    }
    return Object.keys(contract).length;
  },

  /** ((1 + 2⁻²⁴) + 2⁻²⁴) is 1 in float32, and 1 + (2⁻²⁴ + 2⁻²⁴) is not. */
  order: (collective) => {
    const values = Float32Array.of(collective.rank === 0 ? 1 : 2 ** -24);
    collective.allReduce(values, "sum");
    return values[0];
  },

  /** Ranks that disagree about the length. */
  lengths: (collective) => {
    collective.broadcast(new Float32Array(collective.rank === 0 ? 4 : 2), 0);
    return "done";
  },

  /** The same, noticed at a wait. */
  startedLengths: (collective) => {
    const started = collective.allReduceStart(new Float32Array(collective.rank + 1), "sum");
    collective.allReduceStart(Float32Array.of(1), "sum").wait();
    started.wait();
    return "done";
  },

  /** Ranks that disagree about the operation. */
  operations: (collective) => {
    if (collective.rank === 0) collective.barrier();
    else collective.allReduce(Float32Array.of(1), "sum");
    return "done";
  },

  /** The last rank fails, while the others wait for it. */
  failure: (collective) => {
    collective.barrier();
    if (collective.rank === collective.size - 1) throw new Error("the last rank fails");
    collective.barrier();
    return "done";
  },

  /** The last rank leaves, without an error. */
  exit: (collective) => {
    collective.barrier();
    if (collective.rank === collective.size - 1) return "left";
    collective.barrier();
    return "done";
  },

  /** The last rank is killed. */
  kill: (collective) => {
    collective.barrier();
    if (collective.rank === collective.size - 1) process.kill(process.pid, "SIGKILL");
    collective.barrier();
    return "done";
  },

  abort: (collective) => {
    collective.barrier();
    if (collective.rank === 0) collective.abort(7);
    collective.barrier();
    return "done";
  },

  /** Runs of every optimizer, by name. */
  training: (collective) =>
    Object.fromEntries(
      Object.entries(OPTIMIZERS).map(([name, group]) => [name, bitsOf(trainOnRank(group, collective))]),
    ),

  /** The same where the ranks divide the state, and a step of all parameters is made at once. */
  sharded: (collective) =>
    Object.fromEntries(
      Object.entries(OPTIMIZERS).map(([name, group]) => {
        return [name, bitsOf(trainOnRank(group, collective, { shardState: true, startsFirst: true }))];
      }),
    ),

  /** The same with a limit on the joint norm of the gradients. */
  clipped: (collective) => bitsOf(trainClippedOnRank(OPTIMIZERS["projected"]!, collective)),

  /** ‖W − W′‖ / ‖W′‖ of some optimizers, where W′ are the weights of one process. */
  rounding: (collective) =>
    Object.fromEntries(
      ["projected", "whole", "adaptive", "adamw"].map((name) => {
        const alone = trainAlone(OPTIMIZERS[name]!, collective.size);
        const difference = trainOnRank(OPTIMIZERS[name]!, collective).map((weight, i) => weight - alone[i]!);
        return [name, Math.hypot(...difference) / Math.hypot(...alone)];
      }),
    ),

  /** The same with matrices that are read, sent, and written back; and where every rank has the state. */
  onDevice: (collective) =>
    [true, false].map((shardState) =>
      bitsOf(trainOnRank(OPTIMIZERS["projected"]!, collective, { shardState, onDevice: true })),
    ),

  /** A run whose state is divided, which ends with the checkpoint of one that is not, and goes on from it either way. */
  shardedCheckpoints: (collective) =>
    Object.fromEntries(
      CHECKPOINTED.map((name) => {
        const train = (shardState: boolean, steps: readonly number[], from?: Checkpoint): Checkpoint => {
          const trained = parameters();
          for (const [i, { data }] of trained.entries()) data.set(from?.weights[i] ?? data);
          const run = createOptimizer(trained, OPTIMIZERS[name]!, { collective, shardState });
          if (from !== undefined) run.load(from.state);
          for (const step of steps) run.step(gradientsOf(step, collective.rank));
          return { weights: trained.map(({ data }) => data), state: onAll(collective, run.save()) };
        };
        const hashOf = ({ weights, state }: Checkpoint): string => [...weights, state].map(bitsOf).join();
        const [early, late] = [
          [0, 1, 2, 3],
          [4, 5, 6],
        ] as const;
        const saved = train(true, early);
        const alone = train(false, early);
        const ends = [true, false].map((shardState) => hashOf(train(shardState, late, saved)));
        return [name, [hashOf(saved) === hashOf(alone), new Set(ends).size]];
      }),
    ),

  /** Bytes that this rank gives to the others in three steps of a parameter that rank 0 owns, the first of which has a new subspace. */
  shardedTraffic: (collective) => {
    const counted = measured(collective);
    const optimizer = createOptimizer(parameters().slice(0, 1), OPTIMIZERS["projected"]!, {
      collective: counted,
      shardState: true,
    });
    return [0, 1, 2].map((step) => {
      const before = counted.traffic.bytes;
      optimizer.stepParameter("w", gradientOf("w", step, collective.rank));
      return counted.traffic.bytes - before;
    });
  },

  /** What a rank says of a run whose state is divided. */
  shardedReport: (collective) => {
    const optimizer = createOptimizer(parameters(), OPTIMIZERS["projected"]!, { collective, shardState: true });
    for (const step of [0, 1]) optimizer.step(gradientsOf(step, collective.rank));
    return optimizer.report();
  },

  /** The last rank's gradient of one parameter is bad; the step of all is refused, and made with another one. */
  shardedNonFinite: (collective) => {
    const trained = parameters();
    const optimizer = createOptimizer(trained, OPTIMIZERS["projected"]!, { collective, shardState: true });
    optimizer.step(gradientsOf(0, collective.rank));
    const before = trained.map(({ data }) => bitsOf(data)).join();
    const bad = gradientsOf(1, collective.rank);
    if (collective.rank === collective.size - 1) bad["wide"]![3] = Number.NaN;
    try {
      optimizer.step(bad);
    } catch (error) {
      const unchanged = trained.map(({ data }) => bitsOf(data)).join() === before;
      optimizer.step(gradientsOf(1, collective.rank));
      optimizer.compareRanks();
      return { ...(error as object), unchanged };
    }
    return "no error";
  },

  /** A step fails on the rank that makes it: its gradient's square exceeds float32. */
  shardedFailure: (collective) => {
    const trained = parameters();
    const optimizer = createOptimizer(trained, OPTIMIZERS["adamw"]!, { collective, shardState: true });
    optimizer.step(gradientsOf(0, collective.rank));
    const before = bitsOf(trained[1]!.data);
    try {
      optimizer.step({ ...gradientsOf(1, collective.rank), wide: new Float32Array(24 * 530).fill(1e25) });
    } catch (error) {
      optimizer.compareRanks();
      const { code, parameter, step, message } = error as StepFailedError;
      return { code, parameter, step, message, unchanged: bitsOf(trained[1]!.data) === before };
    }
    return "no error";
  },

  /** A run of an embedding whose gradients have few rows, where a rank may have none: its bits, and the bytes of each step. */
  sparse: (collective) =>
    [false, true].map((shardState) => {
      const counted = measured(collective);
      const embedding = { name: "embedding", shape: EMBEDDING, data: new Float32Array(EMBEDDING[0] * EMBEDDING[1]) };
      const optimizer = createOptimizer([{ ...embedding, sparse: true }], OPTIMIZERS["adamw"]!, {
        collective: counted,
        shardState,
      });
      const bytes = [0, 1, 2, 3].map((step) => {
        const before = counted.traffic.bytes;
        optimizer.stepParameter("embedding", embeddingGradientOf(step, collective.rank));
        return counted.traffic.bytes - before;
      });
      return [bitsOf(embedding.data), bytes];
    }),

  /** Numbers that are sent a step: the whole gradient at a refresh, every third step, else its projection. */
  traffic: (collective) => {
    const sent: number[] = [];
    const counting: Collective = Object.assign(Object.create(collective) as Collective, {
      allReduceStart(values: Float32Array, reduction: "sum" | "max") {
        sent.push(values.length);
        return collective.allReduceStart(values, reduction);
      },
    });
    const optimizer = createOptimizer(parameters(), OPTIMIZERS["projected"]!, { collective: counting });
    for (let step = 0; step < 4; step++) optimizer.stepParameter("w", gradientOf("w", step, collective.rank));
    return sent;
  },

  /** The last rank's gradient is bad at the second step; the run goes on from there as if nothing had happened. */
  nonFinite: (collective) => {
    const [w] = parameters();
    const optimizer = createOptimizer([w!], OPTIMIZERS["projected"]!, { collective });
    optimizer.stepParameter("w", gradientOf("w", 0, collective.rank));
    const before = bitsOf(w!.data);
    const gradient = gradientOf("w", 1, collective.rank);
    const bad = gradient.slice().fill(collective.rank === collective.size - 1 ? Number.NaN : 1, 7, 8);
    try {
      optimizer.stepParameter("w", bad);
    } catch (error) {
      const unchanged = bitsOf(w!.data) === before;
      optimizer.stepParameter("w", gradient);
      return { ...(error as object), unchanged, after: bitsOf(w!.data) };
    }
    return "no error";
  },

  /** The last rank's second gradient is skipped: the step takes the mean of the others. */
  skipped: (collective) =>
    [false, true].map((shardState) => {
      const [w] = parameters();
      const create = { collective, onNonFinite: "skip", shardState } as const;
      const optimizer = createOptimizer([w!], OPTIMIZERS["projected"]!, create);
      optimizer.stepParameter("w", gradientOf("w", 0, collective.rank));
      const gradient = gradientOf("w", 1, collective.rank);
      if (collective.rank === collective.size - 1) gradient[7] = Number.POSITIVE_INFINITY;
      optimizer.stepParameter("w", gradient);
      return [bitsOf(w!.data), optimizer.counters.skipped];
    }),

  /** The last rank begins with other weights. */
  weights: (collective) => {
    const [w] = parameters();
    if (collective.rank === collective.size - 1) w!.data[5]! += 1;
    createOptimizer([w!], OPTIMIZERS["projected"]!, { collective }).stepParameter("w", gradientOf("w", 0, 0));
    return "done";
  },

  /** The last rank's weights change behind the optimizer's back. */
  changed: (collective) => {
    const [w, wide] = parameters();
    const optimizer = createOptimizer([w!, wide!], OPTIMIZERS["projected"]!, { collective });
    for (const name of ["w", "wide"] as const) optimizer.stepParameter(name, gradientOf(name, 0, collective.rank));
    optimizer.compareRanks();
    if (collective.rank === collective.size - 1) wide!.data[5]! += 1;
    optimizer.compareRanks();
    return "done";
  },

  /** All steps are started before one is waited for. */
  started: (collective) => bitsOf(trainOnRank(OPTIMIZERS["projected"]!, collective, { startsFirst: true })),

  /** Rank 0 accumulates two gradients a step, rank 1 one. */
  uneven: (collective) => {
    const share = collective.rank === 0 ? [0, 1] : [2];
    return bitsOf(trainOnRank(OPTIMIZERS["projected"]!, collective, { share }));
  },

  /** A step is started twice. */
  twice: (collective) => {
    const optimizer = createOptimizer(parameters(), OPTIMIZERS["projected"]!, { collective });
    const started = optimizer.stepParameterStart("w", gradientOf("w", 0, collective.rank));
    try {
      optimizer.stepParameterStart("w", gradientOf("w", 0, collective.rank));
    } finally {
      started.wait();
    }
    return "done";
  },

  /** Ends without waiting for a reduction. */
  unfinished: (collective) => {
    collective.allReduceStart(new Float32Array(1000), "sum");
    return "done";
  },
};

/** The end of a rank's program. */
export interface Report {
  readonly rank: number;
  readonly name?: string;
  readonly value?: unknown;
  readonly error?: Readonly<Record<string, unknown>>;
}

/** Runs a scenario. An error of the collective is reported, others are thrown. */
export function report(scenario: string, collective: Collective): Report {
  const { rank, name } = collective;
  try {
    return { rank, name, value: scenarios[scenario]!(collective) };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && !(error.cause instanceof Error))) throw error;
    return { rank, name, error: { ...error, message: error.message } };
  }
}
