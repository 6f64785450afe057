import { createWasmEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { cosine, createOptimizer, type Group, linalgBackend } from "../src/index.ts";
import {
  combined,
  fill,
  flat,
  frobenius,
  noise,
  type Rows,
  random,
  scaled,
  times,
  transposed,
  unflat,
} from "../src/testing/dense.ts";

type WithoutRate<O> = O extends unknown ? Omit<O, "lr"> : never;
type Row = WithoutRate<Group>;

/** Trains from zero with a cosine schedule. Returns the final weights. */
function descend(row: Row, peak: number, steps: number, n: number, gradient: (w: Rows, step: number) => Rows): Rows {
  const data = new Float32Array(n * n);
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 21 }));
  const options = { ...row, lr: cosine({ peak, total: steps }) } as Group;
  const optimizer = createOptimizer([{ name: "w", shape: [n, n], data }], options, { backend });
  for (let step = 0; step < steps; step++) optimizer.stepParameter("w", flat(gradient(unflat(n, n, data), step)));
  optimizer.dispose();
  return unflat(n, n, data);
}

/**
 * f(W) = ‖A W‖² / 2 + ⟨B, W⟩ with A = [I 0], B = D in the upper left block, and gradient noise ± σ I in the lower right block of the
 * subspace's rank: a projection keeps only noise. After Pan et al. 2025 (GUM), arXiv 2510.17802, whose linear regression this is.
 */
describe("a regression in which the noise outranks the signal", () => {
  const [n, rank, sigma, steps] = [20, 12, 100, 300];
  const signal = n - rank;

  function excess(residual: "off" | "fira" | "joint" | "raw", seed: number, peak: number): number {
    const d = random(signal, signal, seed);
    const next = noise(seed + 100);
    const end = descend({ optimizer: "sumo", rank, residual, refresh: { every: 20 } }, peak, steps, n, (w) => {
      const sign = Math.sign(next()) * sigma;
      return fill(n, n, (i, j) => {
        const inSignal = i < signal && j < signal;
        const slope = i < signal ? w[i]![j]! + (inSignal ? d[i]![j]! : 0) : 0;
        return slope + (i >= signal && i === j ? sign : 0);
      });
    });
    // f + ‖D‖² / 2 is ‖A W + B‖² / 2, relative to its initial value.
    const miss = fill(signal, n, (i, j) => end[i]![j]! + (j < signal ? d[i]![j]! : 0));
    return frobenius(miss) ** 2 / frobenius(d) ** 2;
  }

  test.each([1, 2, 3])(
    "seed %d: without the residual nothing is learned, with it the loss falls a thousandfold",
    (seed) => {
      for (const peak of [0.02, 0.1, 0.5]) expect(excess("off", seed, peak)).toBeGreaterThan(0.999);
      const best = (residual: "fira" | "joint" | "raw") =>
        Math.min(...[0.02, 0.1, 0.5].map((peak) => excess(residual, seed, peak)));
      for (const residual of ["raw", "fira", "joint"] as const) expect(best(residual)).toBeLessThan(1e-3);
    },
  );
});

/**
 * Stochastic linear regression on 16 features, two of which are 1000 times larger: the label noise that they carry keeps the moment
 * ill-conditioned to the end. Five quintic steps leave what lies a thousand times below the norm at half its size or less.
 */
describe("outlier features: exact orthogonalization against Newton–Schulz, each at its best learning rate, five seeds", () => {
  const [n, batch, steps, outlier] = [16, 24, 150, 1000];
  const scales = Array.from({ length: n }, (_, i) => (i < 2 ? outlier : 1));
  const byScale = (rows: Rows, f: (x: number, scale: number) => number): Rows =>
    rows.map((row, i) => row.map((x) => f(x, scales[i]!)));

  /** Features and label noise of a seed's steps, the same for every contestant. */
  const batches = [1, 2, 3, 4, 5].map((seed) =>
    Array.from({ length: steps }, (_, step) => ({
      x: random(batch, n, seed * 1000 + step).map((features) => features.map((value, j) => value * scales[j]!)),
      labelNoise: random(batch, n, seed * 7777 + step + 13),
    })),
  );

  function excess(row: Row, seed: number, peak: number): number {
    const goal = random(n, n, seed + 50);
    const target = byScale(goal, (x, scale) => x / scale);
    const end = descend(row, peak, steps, n, (w, step) => {
      const { x, labelNoise } = batches[seed - 1]![step]!;
      const miss = combined(1, times(x, combined(1, w, -1, target)), 0.5, labelNoise);
      return scaled(1 / batch, times(transposed(x), miss));
    });
    const miss = byScale(combined(1, end, -1, target), (value, scale) => value * scale);
    return frobenius(miss) ** 2 / frobenius(goal) ** 2;
  }

  /** One learning rate for all seeds, the best of the grid; the excess of each seed. */
  function tuned(row: Row): readonly number[] {
    const runs = [-5, -4, -3, -2].map((k) => [1, 2, 3, 4, 5].map((seed) => excess(row, seed, 2 ** k)));
    return runs.reduce((best, run) => (mean(run) < mean(best) ? run : best));
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

  test.each<[string, Row, Row, number]>([
    [
      "SUMO",
      { optimizer: "sumo", rank: 8, residual: "off", refresh: { every: 10 } },
      { optimizer: "sumo", rank: 8, residual: "off", refresh: { every: 10 }, orthogonalize: "muon" },
      4,
    ],
    ["Muon", { optimizer: "muon", orthogonalize: "exact" }, { optimizer: "muon" }, 2.5],
  ])(
    "%s: the excess is smaller on every seed, and in the mean by the stated factor",
    (_, exact, approximate, factor) => {
      const [ours, theirs] = [tuned(exact), tuned(approximate)];
      ours.forEach((value, seed) => {
        expect(value).toBeLessThan(theirs[seed]!);
      });
      expect(mean(theirs) / mean(ours)).toBeGreaterThan(factor);
    },
    60_000,
  );
});

/**
 * Least squares without noise, at a constant learning rate, in a rarely refreshed subspace: training inside it converges, and the
 * remaining gradient, outside it, would be scaled up by Fira's residual without bound.
 */
describe("a stale subspace at a constant learning rate", () => {
  const [points, features, outputs] = [64, 16, 8];

  test.each([1, 4].flatMap((rank) => [0, 1, 2].map((seed) => [rank, seed] as const)))(
    "rank %d, seed %d: SUMO gets within one step of the optimum, and stays there",
    (rank, seed) => {
      const x = fill(points, features, (p, f) => Math.sin((p * features + f) ** 2 + seed * (p + f)));
      const target = fill(features, outputs, (f, o) => Math.cos((f * outputs + o) ** 2 + seed * f));
      const gram = scaled(1 / points, times(transposed(x), x));
      const lr = 0.05;
      /** The loss, at most, one step of the largest length away from the optimum: λ₁ ≤ trace. */
      const oneStep =
        gram.reduce((sum, row, i) => sum + row[i]!, 0) *
        (lr * 0.2 * Math.sqrt((features * outputs * outputs) / rank)) ** 2;

      const data = new Float32Array(features * outputs);
      const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 21 }));
      const optimizer = createOptimizer(
        [{ name: "w", shape: [features, outputs], data }],
        { optimizer: "sumo", lr, rank },
        { backend },
      );
      const losses: number[] = [];
      for (let step = 0; step < 600; step++) {
        const miss = combined(1, unflat(features, outputs, data), -1, target);
        const slope = times(gram, miss);
        losses.push(
          miss.reduce((sum, row, i) => sum + row.reduce((part, value, j) => part + value * slope[i]![j]!, 0), 0),
        );
        optimizer.stepParameter("w", flat(scaled(2, slope)));
      }
      expect(losses[0]).toBeGreaterThan(10 * oneStep);
      expect(Math.max(...losses.slice(150))).toBeLessThan(oneStep);
    },
  );
});
