import { createWasmEngine } from "@sumo/linalg";
import type { OptimizerOptions } from "../algorithms/algorithms.ts";
import { linalgBackend } from "../backend/linalg-backend.ts";
import type { Group } from "../optimizer/groups.ts";
import { createOptimizer } from "../optimizer/optimizer.ts";
import { cosine } from "../wrappers/schedule.ts";
import { combined, fill, flat, type Rows, random, scaled, times, transposed, unflat, withSpectrum } from "./dense.ts";

/** A function of one matrix with a known minimum. */
export interface ConvergenceTask {
  readonly name: string;
  readonly start: Rows;
  /** Value minus the minimum. */
  excess(weight: Rows): number;
  gradient(weight: Rows): Rows;
}

const half = (a: Rows): number => a.flat().reduce((sum, x) => sum + x * x, 0) / 2;

/** ‖W − T‖² / 2. */
function parabola(): ConvergenceTask {
  const target = random(6, 8, 1);
  return {
    name: "parabola",
    start: fill(6, 8, () => 0),
    excess: (w) => half(combined(1, w, -1, target)),
    gradient: (w) => combined(1, w, -1, target),
  };
}

/** Σ_j 100 (w₁ⱼ − w₀ⱼ²)² + (1 − w₀ⱼ)²: a bent valley in every column (Rosenbrock 1960). */
function rosenbrock(): ConvergenceTask {
  const each = <R>(w: Rows, f: (x: number, y: number) => R): R[] => w[0]!.map((x, j) => f(x, w[1]![j]!));
  return {
    name: "Rosenbrock",
    start: [
      [0, -0.5, 0.5, -1],
      [0, 0.5, 0, 1],
    ],
    excess: (w) => each(w, (x, y) => 100 * (y - x * x) ** 2 + (1 - x) ** 2).reduce((sum, value) => sum + value, 0),
    gradient: (w) => [each(w, (x, y) => -400 * x * (y - x * x) - 2 * (1 - x)), each(w, (x, y) => 200 * (y - x * x))],
  };
}

/** ‖A (W − T) B‖² / 2 with singular values of A and B from 1 down to 1 / condition. */
function matrixRegression(name: string, condition: number): ConvergenceTask {
  const spectrum = Array.from({ length: 8 }, (_, i) => condition ** (-i / 7));
  const [a, b, target] = [withSpectrum(8, 8, spectrum, 2), withSpectrum(8, 8, spectrum, 3), random(8, 8, 4)];
  const miss = (w: Rows): Rows => times(a, times(combined(1, w, -1, target), b));
  return {
    name,
    start: fill(8, 8, () => 0),
    excess: (w) => half(miss(w)),
    gradient: (w) => times(transposed(a), times(miss(w), transposed(b))),
  };
}

/** Softmax regression of four classes on eight features with a little weight decay; gradient descent computes its minimum. */
function logisticRegression(): ConvergenceTask {
  const [features, classes, samples, decay] = [8, 4, 48, 0.02];
  const [x, teacher] = [random(samples, features, 5), scaled(3, random(features, classes, 6))];
  const labels = times(x, teacher).map((row) => row.indexOf(Math.max(...row)));
  const probabilities = (w: Rows): Rows =>
    times(x, w).map((row) => {
      const exps = row.map((z) => Math.exp(z - Math.max(...row)));
      const sum = exps.reduce((total, e) => total + e, 0);
      return exps.map((e) => e / sum);
    });
  const loss = (w: Rows): number =>
    probabilities(w).reduce((sum, row, i) => sum - Math.log(row[labels[i]!]!), 0) / samples + decay * half(w);
  const gradient = (w: Rows): Rows => {
    const excess = probabilities(w).map((row, i) => row.map((p, c) => (p - (c === labels[i] ? 1 : 0)) / samples));
    return combined(1, times(transposed(x), excess), decay, w);
  };
  const start = fill(features, classes, () => 0);
  let best = start;
  for (let i = 0; i < 2000; i++) best = combined(1, best, -2, gradient(best));
  const least = loss(best);
  return { name: "logistic regression", start, excess: (w) => loss(w) - least, gradient };
}

/** Tasks of the shared convergence table: every optimizer has to minimize each. */
export function convergenceTasks(): readonly ConvergenceTask[] {
  return [
    parabola(),
    rosenbrock(),
    matrixRegression("matrix parabola", 2),
    logisticRegression(),
    matrixRegression("ill-conditioned matrix regression", 10),
  ];
}

/** Distributes over the union, so that each optimizer keeps its own options. */
type WithoutRate<O> = O extends unknown ? Omit<O, "lr"> : never;

/** An optimizer's row of the table, without the learning rate, which is tuned. */
export type ConvergenceRow = WithoutRate<OptimizerOptions>;

/** excess(end) / excess(start) after `steps` steps, with the learning rate falling along half a cosine from `peak` to zero. */
export function excessLeft(row: ConvergenceRow, task: ConvergenceTask, peak: number, steps: number): number {
  const { start } = task;
  const [rows, cols] = [start.length, start[0]!.length];
  const data = flat(start);
  const options = { ...row, lr: cosine({ peak, total: steps }) } as Group;
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 21 }));
  const optimizer = createOptimizer([{ name: "w", shape: [rows, cols], data }], options, { backend });
  for (let step = 0; step < steps; step++) {
    optimizer.stepParameter("w", flat(task.gradient(unflat(rows, cols, data))));
  }
  optimizer.dispose();
  return task.excess(unflat(rows, cols, data)) / task.excess(start);
}
