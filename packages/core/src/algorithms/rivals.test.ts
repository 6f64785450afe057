import { createWasmEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../backend/linalg-backend.ts";
import { unpackBytes } from "../backend/linalg-bytes.ts";
import { unpackFp4 } from "../backend/linalg-fp4.ts";
import { readSafetensors } from "../checkpoint/safetensors.ts";
import type { Group } from "../optimizer/groups.ts";
import { createOptimizer } from "../optimizer/optimizer.ts";
import { plan } from "../optimizer/plan.ts";
import {
  combined,
  EPS32,
  fill,
  flat,
  frobenius,
  leadingLeft,
  noise,
  polarOf,
  type Rows,
  random,
  scaled,
  svd,
  times,
  transposed,
  unflat,
  withSpectrum,
  withUnitRows,
} from "../testing/dense.ts";

const [ROWS, COLS, STEPS] = [6, 10, 7];
const weight = random(ROWS, COLS, 1);
const base = withSpectrum(ROWS, COLS, [8, 6, 5, 1, 0.8, 0.6], 2);
const gradients = Array.from({ length: STEPS }, (_, t) =>
  combined(1, base, 0.1, random(ROWS, COLS, 20 + t)).map((row) => row.map(Math.fround)),
);

function trained(options: Group, w: Rows = weight, all: readonly Rows[] = gradients): Rows {
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 22 }));
  const data = flat(w);
  const shape = [w.length, w[0]!.length] as const;
  const optimizer = createOptimizer([{ name: "w", shape, data }], options, { backend });
  for (const gradient of all) optimizer.stepParameter("w", flat(gradient));
  return unflat(...shape, data);
}

function expectClose(got: Rows, want: Rows, condition = 1, start: Rows = weight): void {
  const moved = frobenius(combined(1, want, -1, start));
  const tolerance = 20 * STEPS * EPS32 * (condition * moved + frobenius(want));
  expect(frobenius(combined(1, got, -1, want))).toBeLessThanOrEqual(tolerance);
}

const map = (f: (...values: number[]) => number, ...matrices: Rows[]): Rows =>
  fill(matrices[0]!.length, matrices[0]![0]!.length, (i, j) => f(...matrices.map((a) => a[i]![j]!)));
const zerosLike = (a: Rows): Rows => map(() => 0, a);

describe("AdamW", () => {
  test.each([{}, { beta1: 0.8, beta2: 0.95, eps: 1e-6, weightDecay: 0.2 }])("with %j is the paper's", (options) => {
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options as Record<string, number>;
    const lr = 0.01;
    let [w, m, v] = [weight, zerosLike(weight), zerosLike(weight)];
    gradients.forEach((g, i) => {
      m = combined(beta1, m, 1 - beta1, g);
      v = map((x, y) => beta2 * x + (1 - beta2) * y * y, v, g);
      const [c1, c2] = [1 - beta1 ** (i + 1), 1 - beta2 ** (i + 1)];
      w = map((x, a, b) => x - lr * weightDecay * x - (lr * (a / c1)) / (Math.sqrt(b / c2) + eps), w, m, v);
    });
    expectClose(trained({ optimizer: "adamw", lr, ...options }), w);
  });
});

describe("AdamW in 8 bits", () => {
  test("makes every step that of the moments as stored, and stores them to the precision that it says", () => {
    const data = flat(weight);
    const shape = [ROWS, COLS] as const;
    const [lr, weightDecay] = [0.01, 0.2];
    const settings = { optimizer: "adamw", lr, weightDecay, stateBits: 8 } as const;
    const optimizer = createOptimizer([{ name: "w", shape, data }], settings);
    const first = new Float32Array(ROWS * COLS);
    let roots = new Array<number>(ROWS * COLS).fill(0);
    gradients.forEach((g, i) => {
      const [w, m, r] = [data, first, roots].map((numbers) => unflat(...shape, numbers)) as [Rows, Rows, Rows];
      optimizer.stepParameter("w", flat(g));
      const nextFirst = combined(0.9, m, 0.1, g);
      const nextRoots = map((x, y) => Math.sqrt(0.999 * x * x + 0.001 * y * y), r, g);
      const [c1, c2] = [1 - 0.9 ** (i + 1), 1 - 0.999 ** (i + 1)];
      const want = map(
        (x, a, b) => x - lr * weightDecay * x - (lr * (a / c1)) / (b / Math.sqrt(c2) + 1e-8),
        ...[w, nextFirst, nextRoots],
      );
      expectClose(unflat(...shape, data), want, 1, w);
      const { tensors } = readSafetensors(optimizer.save());
      unpackBytes(first, tensors["w/first"]!.data as Float32Array);
      const words = tensors["w/second"]!.data as Float32Array; // one block: its scale, and the codes
      const codes = new Uint8Array(words.buffer, words.byteOffset + 4, ROWS * COLS);
      roots = Array.from(codes, (code) => code * words[0]!);
      for (const [stored, exact, share] of [
        [first, nextFirst.flat(), 1 / 254],
        [roots, nextRoots.flat(), 1 / 510],
      ] as const) {
        const largest = Math.max(...exact.map(Math.abs));
        for (const [k, x] of exact.entries()) {
          expect(Math.abs(stored[k]! - x)).toBeLessThanOrEqual((share + 20 * EPS32) * largest);
        }
      }
    });
  });

  test("never divides by a root that was rounded to zero, and leaves alone what has no gradient", () => {
    const shape = [2, 70] as const; // blocks that end within a row
    const g = fill(...shape, (i, j) => (j === 69 ? 0 : j === i ? 1e6 : 1e-6));
    const data = new Float32Array(140);
    const optimizer = createOptimizer([{ name: "w", shape, data }], { optimizer: "adamw", lr: 1, stateBits: 8 });
    for (let step = 0; step < 5; step++) optimizer.stepParameter("w", flat(g));
    for (const [k, x] of data.entries()) expect(Math.abs(x), String(k)).toBeLessThan(6);
    expect([data[69], data[139]]).toEqual([0, 0]);
    expect(data[0]).toBeCloseTo(-5, 4);
  });
});

describe("SGD", () => {
  test.each([
    { momentum: 0, nesterov: false },
    { momentum: 0.8, nesterov: false },
    { momentum: 0.8, nesterov: true },
  ])("with %j", ({ momentum, nesterov }) => {
    let [w, m] = [weight, zerosLike(weight)];
    for (const g of gradients) {
      m = combined(momentum, m, 1, g);
      w = combined(1 - 0.01 * 0.1, w, -0.01, nesterov ? combined(momentum, m, 1, g) : m);
    }
    expectClose(trained({ optimizer: "sgd", lr: 0.01, momentum, nesterov, weightDecay: 0.1 }), w);
  });
});

describe("Muon", () => {
  const run = (orthogonal: (m: Rows) => Rows, momentum = 0.95, scale = 0.2 * Math.sqrt(COLS)): Rows => {
    let [w, m] = [weight, zerosLike(weight)];
    for (const g of gradients) {
      m = combined(momentum, m, 1, g);
      w = combined(1, w, -0.01 * scale, orthogonal(combined(momentum, m, 1, g)));
    }
    return w;
  };
  /** X ← a X + b A X + c A² X, A = X Xᵀ, from X / ‖X‖. */
  const jordan = (x: Rows): Rows => {
    let y = scaled(1 / frobenius(x), x);
    for (let i = 0; i < 5; i++) {
      const gram = times(y, transposed(y));
      const [ay, aay] = [times(gram, y), times(gram, times(gram, y))];
      y = combined(1, combined(3.4445, y, -4.775, ay), 2.0315, aay);
    }
    return y;
  };
  // Five quintic steps amplify rounding by up to 3.4445⁵.
  const QUINTIC = 3.4445 ** 5;

  test("by five Newton–Schulz steps", () => {
    expectClose(trained({ optimizer: "muon", lr: 0.01 }), run(jordan), QUINTIC);
  });

  test("by the exact factor", () => {
    expectClose(trained({ optimizer: "muon", lr: 0.01, orthogonalize: "exact" }), run(polarOf), 8 / 0.6);
  });

  test("by Polar Express", () => {
    const got = trained({ optimizer: "muon", lr: 0.01, orthogonalize: "polar-express" });
    // Singular values end within 1 % of one where the condition is below 1e3 (arXiv 2505.16932, figure 1).
    const want = run(polarOf);
    const moved = frobenius(combined(1, want, -1, weight));
    expect(frobenius(combined(1, got, -1, want))).toBeLessThanOrEqual(0.01 * moved);
  });

  test.each([
    { shape: [6, 10], jordanScale: "none" },
    { shape: [10, 6], jordanScale: "spectral" },
    { shape: [6, 6], jordanScale: "spectral" },
  ] as const)("of $shape is muon.py's with scale $jordanScale, weight decay and either momentum", (setting) => {
    const [rows, cols] = setting.shape;
    const start = random(rows, cols, 1);
    const all = gradients.map((_, t) => random(rows, cols, 40 + t).map((row) => row.map(Math.fround)));
    for (const nesterov of [true, false]) {
      const [lr, beta, weightDecay] = [0.01, 0.95, 0.2];
      let [w, buffer] = [start, zerosLike(start)];
      for (const g of all) {
        buffer = combined(beta, buffer, 1 - beta, g); // momentum.lerp_(grad, 1 - beta)
        const ahead = nesterov ? combined(1 - beta, g, beta, buffer) : buffer; // grad.lerp_(momentum, beta)
        const o = rows > cols ? transposed(jordan(transposed(ahead))) : jordan(ahead);
        w = combined(1 - lr * weightDecay, w, -lr * Math.sqrt(Math.max(1, rows / cols)), o);
      }
      const scale = setting.jordanScale;
      expectClose(trained({ optimizer: "muon", lr, nesterov, weightDecay, scale }, start, all), w, QUINTIC, start);
    }
  });

  test.each(["out-in", "in-out"] as const)("by equal rows of %s, one of which gets no gradient", (layout) => {
    const turn = (a: Rows): Rows => (layout === "out-in" ? a : transposed(a));
    const all = gradients.map((g) => g.map((row, i) => (i === 2 ? row.map(() => 0) : row)));
    for (const momentum of [0.95, 0]) {
      let [w, m] = [weight, zerosLike(weight)];
      for (const g of all) {
        m = combined(momentum, m, 1, g);
        w = combined(1, w, -0.01 * 0.2 * Math.sqrt(COLS), polarOf(withUnitRows(combined(momentum, m, 1, g))));
      }
      const options = { optimizer: "muon", lr: 0.01, momentum, orthogonalize: "exact", equilibrate: "rows" } as const;
      const got = trained({ ...options, layout }, turn(weight), all.map(turn));
      expectClose(turn(got), w, 8 / 0.6);
    }
  });

  test.each([
    [8, 1 / 254],
    [4, 1 / 6],
  ] as const)("with a moment in %i bits every step is that of the moment as stored", (stateBits, error) => {
    const data = flat(weight);
    const options = { optimizer: "muon", lr: 0.01, momentum: 0.9, orthogonalize: "exact", stateBits } as const;
    const optimizer = createOptimizer([{ name: "w", shape: [ROWS, COLS], data }], options);
    const moment = new Float32Array(ROWS * COLS);
    for (const g of gradients) {
      const [w, m] = [unflat(ROWS, COLS, data), unflat(ROWS, COLS, moment)];
      optimizer.stepParameter("w", flat(g));
      const next = combined(0.9, m, 1, g);
      const want = combined(1, w, -0.01 * 0.2 * Math.sqrt(COLS), polarOf(combined(0.9, next, 1, g)));
      expectClose(unflat(ROWS, COLS, data), want, 8 / 0.6, w);
      const stored = readSafetensors(optimizer.save()).tensors["w/moment"]!.data as Float32Array;
      (stateBits === 8 ? unpackBytes : unpackFp4)(moment, stored);
      const largest = Math.max(...next.flat().map(Math.abs));
      for (const [i, x] of next.flat().entries()) {
        expect(Math.abs(moment[i]! - x)).toBeLessThanOrEqual((error + 20 * EPS32) * largest);
      }
    }
  });

  test("without momentum it keeps no state: the stateless control", () => {
    expectClose(trained({ optimizer: "muon", lr: 0.01, momentum: 0 }), run(jordan, 0), QUINTIC);
  });

  test.each([
    ["out-in", Math.sqrt(ROWS / COLS)],
    ["in-out", Math.sqrt(COLS / ROWS)],
  ] as const)("spectral scale with layout %s", (layout, scale) => {
    const got = trained({ optimizer: "muon", lr: 0.01, orthogonalize: "exact", scale: "spectral", layout });
    expectClose(got, run(polarOf, 0.95, scale), 8 / 0.6);
  });
});

describe("GaLore", () => {
  test("is Adam in the subspace, moments kept as they are", () => {
    const [rank, every, lr, alpha] = [3, 4, 0.01, 0.25];
    let w = weight;
    let q: Rows = [];
    let m = fill(rank, COLS, () => 0);
    let v = fill(rank, COLS, () => 0);
    // Adam depends on coordinates, hence on the basis's signs: the subspace must come from the code under test.
    const { bases, got } = trainedWithBases(rank, every, lr);
    gradients.forEach((g, t) => {
      q = bases[t]!;
      const p = times(transposed(q), g);
      m = combined(0.9, m, 0.1, p);
      v = map((x, y) => 0.999 * x + 0.001 * y * y, v, p);
      const n = map((a, b) => a / (1 - 0.9 ** (t + 1)) / (Math.sqrt(b / (1 - 0.999 ** (t + 1))) + 1e-8), m, v);
      w = combined(1, w, -lr * alpha, times(q, n));
      if (t % every === 0) {
        const best = leadingLeft(g, rank);
        const captured = frobenius(times(transposed(q), g)) / frobenius(times(transposed(best), g));
        expect(captured).toBeGreaterThan(1 - 20 * EPS32 * 8);
      }
    });
    expectClose(got, w, 8 / 4);
  });

  test.each([
    ["short", [6, 10], "left"],
    ["short", [10, 6], "right"],
    ["short", [6, 6], "right"],
    ["long", [6, 10], "right"],
    ["long", [10, 6], "left"],
    ["long", [6, 6], "left"],
  ] as const)(
    "side %s of %j is projected from the %s, as galore_projector.py's std and reverse_std do",
    (side, shape, from) => {
      const { parameters } = plan([{ name: "w", shape }], { optimizer: "galore", lr: 0.01, rank: 2, side });
      expect(parameters[0]!.note).toBe(`rank 2, projected from the ${from}`);
    },
  );

  /** The basis at every step, read from checkpoints. */
  function trainedWithBases(rank: number, every: number, lr: number): { bases: Rows[]; got: Rows } {
    const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 22 }));
    const data = flat(weight);
    const parameters = [{ name: "w", shape: [ROWS, COLS], data }];
    const optimizer = createOptimizer(parameters, { optimizer: "galore", lr, rank, refresh: { every } }, { backend });
    const bases = gradients.map((gradient) => {
      optimizer.stepParameter("w", flat(gradient));
      return unflat(ROWS, rank, readSafetensors(optimizer.save()).tensors["w/basis"]!.data);
    });
    return { bases, got: unflat(ROWS, COLS, data) };
  }
});

describe("SOAP", () => {
  test("is Adam in the eigenbases of the two Gram matrices", () => {
    const [lr, every, beta3] = [0.01, 3, 0.9];
    const eigenbasis = (gram: Rows) => svd(gram).u;
    const gramOf = (g: Rows, side: "left" | "right") =>
      side === "left" ? times(g, transposed(g)) : times(transposed(g), g);
    // Square: in a direction without a gradient the eigenbasis is arbitrary, and Adam depends on it.
    const square = (rows: Rows) => rows.map((row) => row.slice(0, ROWS));
    const [start, all] = [square(weight), gradients.map(square)];
    let [w, m, v] = [start, zerosLike(start), zerosLike(start)];
    let [left, right] = [scaled(1 - beta3, gramOf(all[0]!, "left")), scaled(1 - beta3, gramOf(all[0]!, "right"))];
    let [ql, qr] = [left, right];
    all.forEach((g, t) => {
      if (t % every === 0) [ql, qr] = [eigenbasis(left), eigenbasis(right)];
      if (t === 0) return; // the first gradient only determines the eigenbases
      const rotate = (x: Rows) => times(transposed(ql), times(x, qr));
      m = combined(0.95, m, 0.05, g);
      v = map((x, y) => 0.95 * x + 0.05 * y * y, v, rotate(g));
      const c = 1 - 0.95 ** t;
      const n = map((x, y) => x / c / (Math.sqrt(y / c) + 1e-8), rotate(m), v);
      w = combined(1, w, -lr, times(ql, times(n, transposed(qr))));
      left = combined(beta3, left, 1 - beta3, gramOf(g, "left"));
      right = combined(beta3, right, 1 - beta3, gramOf(g, "right"));
    });
    const conditions = all.map((g) => svd(g).s).map((s) => (s[0]! / s.at(-1)!) ** 2);
    const got = trained({ optimizer: "soap", lr, beta3, refresh: { every } }, start, all);
    expectClose(got, w, Math.max(...conditions), start);
  });

  test("rounding of the gradients chooses the update where no gradient was when the eigenbases were computed, and nowhere else", () => {
    const next = noise(3);
    const rounded = gradients.map((g) => map((x) => Math.fround(x * (1 + EPS32 * next())), g));
    const options = { optimizer: "soap", lr: 0.01 } as const; // one pair of eigenbases for all steps
    const difference = combined(1, trained(options), -1, trained(options, weight, rounded));
    const { s: values, v: range } = svd(gradients[0]!); // cols × rows: directions of the first gradient
    const within = times(times(difference, range), transposed(range));
    const outside = combined(1, difference, -1, within);
    const moved = frobenius(combined(1, trained(options), -1, weight));
    const condition = (values[0]! / values.at(-1)!) ** 2; // of the Gram matrices
    expect(frobenius(within)).toBeLessThan(20 * STEPS * EPS32 * condition * moved);
    expect(frobenius(outside)).toBeGreaterThan(0.05 * moved);
    const square = (all: readonly Rows[]): Rows[] => all.map((g) => g.map((row) => row.slice(0, ROWS)));
    const [start] = square([weight]) as [Rows];
    const [a, b] = [gradients, rounded].map((all) => trained(options, start, square(all))) as [Rows, Rows];
    const conditions = square(gradients)
      .map((g) => svd(g).s)
      .map((all) => (all[0]! / all.at(-1)!) ** 2);
    expectClose(a, b, Math.max(...conditions), start);
  });
});
