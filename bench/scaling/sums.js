/**
 * A rank's program: steps on the shapes of SmolLM-135M, whose gradients, of random numbers, are summed over the ranks one parameter at a time.
 *
 * Usage: mpirun -n 2 node sums.js projected|whole STEPS. Rank 0 prints a line of JSON for each step: the bytes that it gave to the sums, those that
 * `plan` says, and the milliseconds that it waited.
 */
import { createOptimizer, plan } from "@sumo/core";
import { fillNormal } from "@sumo/linalg";
import { fromHuggingFaceConfig, parameterShapes } from "@sumo/llama";
import { connectMpi, measured } from "@sumo/mpi";
import { SMOLLM_135M } from "../smollm-135m.js";

const [sums, steps] = process.argv.slice(2);
/** What the update of SUMO needs of the gradient: its projection, or all of it. */
const RESIDUALS = { projected: "off", whole: "raw" };

const shapes = parameterShapes(fromHuggingFaceConfig(SMOLLM_135M));
const groups = [
  { optimizer: "sumo", lr: 1e-4, rank: 64, residual: RESIDUALS[sums], match: /proj/ },
  { optimizer: "adamw", lr: 1e-4 },
];
const sizeOf = ({ shape }) => shape.reduce((product, size) => product * size, 1);
const parameters = shapes.map((each) => ({ ...each, data: new Float32Array(sizeOf(each)) }));

const ranks = measured(connectMpi());
const optimizer = createOptimizer(parameters, groups, { collective: ranks });
const gradients = new Float32Array(Math.max(...shapes.map(sizeOf)));
fillNormal(gradients, [ranks.rank, 0, 0]);
const planned = new Map(plan(shapes, groups).parameters.map((each) => [each.name, each]));

// The first sum opens the connections.
ranks.allReduce(new Float32Array(1), "sum");
for (let step = 0; step < Number(steps); step++) {
  ranks.barrier();
  const before = ranks.traffic;
  // Refreshes, which need the whole gradient, are spread over the steps.
  let plannedBytes = 0;
  const end = optimizer.on("refresh", ({ parameter }) => {
    plannedBytes += planned.get(parameter).refreshSumBytes - planned.get(parameter).sumBytes;
  });
  for (const { name, data } of parameters) {
    optimizer.stepParameter(name, gradients.subarray(0, data.length));
    plannedBytes += planned.get(name).sumBytes;
  }
  end();
  const { bytes, waitedMs } = ranks.traffic;
  const row = { bytes: bytes - before.bytes, plannedBytes, waitedMs: waitedMs - before.waitedMs };
  if (ranks.rank === 0) console.log(JSON.stringify(row));
}
