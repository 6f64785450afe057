import { createReferenceEngine, type Engine } from "@sumo/linalg";
import { expect, test } from "vitest";
import { createOptimizer, type Group, linalgBackend } from "../src/index.ts";
import { flat, random } from "../src/testing/dense.ts";

const MOST_FRAMES = 10;

/** The names of the calls from `stepParameter` down to the kernel that writes the weight, outermost first. */
function callsOf(options: Group): string[] {
  const data = flat(random(6, 9, 1));
  let calls: string[] = [];
  const note = (out: unknown): void => {
    if (!(out instanceof Float32Array) || out.buffer !== data.buffer) return;
    const frames = new Error().stack!.split("\n").slice(3);
    const top = frames.findIndex((frame) => frame.includes("stepParameter"));
    calls = frames.slice(0, top + 1).reverse();
  };
  const real = createReferenceEngine({ bytes: 2 ** 20 });
  const engine: Engine = Object.assign(Object.create(real) as Engine, {
    axpby: (...args: Parameters<Engine["axpby"]>) => {
      note(args[5]);
      real.axpby(...args);
    },
    gemm: (...args: Parameters<Engine["gemm"]>) => {
      note(args[13]);
      real.gemm(...args);
    },
  });
  const optimizer = createOptimizer([{ name: "w", shape: [6, 9], data }], options, { backend: linalgBackend(engine) });
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  try {
    for (let step = 0; step < 2; step++) optimizer.stepParameter("w", flat(random(6, 9, step + 2)));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return calls;
}

test.each<Group>([
  { optimizer: "sumo", lr: 0.1 },
  { optimizer: "sumo", lr: 0.1, residual: "off" },
  { optimizer: "sumo", lr: 0.1, residual: "joint" },
  { optimizer: "muon", lr: 0.1 },
])("a gradient meets at most ten calls on its way to the weight (%o)", (options) => {
  const calls = callsOf(options);
  expect(calls[0]).toContain("stepParameter");
  expect(calls.length, calls.join("\n")).toBeLessThanOrEqual(MOST_FRAMES);
});
