import {
  addMatrixMatchers,
  dense,
  flip,
  frobenius,
  minus,
  single,
  TestRandom,
  ULP,
  withSingularValues,
} from "@sumo/testing";
import { expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { fromRows, matrix, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { newtonSchulz, newtonSchulzInto, newtonSchulzWorkspace } from "./newton-schulz.ts";
import { polar } from "./polar.ts";
import { polarExpressCoefficients } from "./polar-express.ts";

addMatrixMatchers();

const quintic = (x: number, [a, b, c]: readonly number[]): number => a! * x + b! * x ** 3 + c! * x ** 5;

// Published with the paper, for [1e-3, 1] and its cushion (Amsel et al. 2025).
const PUBLISHED = [
  [8.28721201814563, -23.595886519098837, 17.300387312530933],
  [4.107059111542203, -2.9478499167379106, 0.5448431082926601],
  [3.9486908534822946, -2.908902115952949, 0.5518191394370137],
  [3.3184196573706015, -2.488488024314874, 0.51004894012372],
  [2.300652019954817, -1.6689039845747493, 0.4188073119525673],
  [1.891301407787398, -1.2679958271945868, 0.37680408948524835],
  [1.8750014808534479, -1.2500016453999487, 0.3750001645474248],
];

test("the generator gives the published Polar Express coefficients", () => {
  const steps = polarExpressCoefficients({ steps: 7 });
  // The exchange stops at 1e-15 in the error level; where the polynomial is flat its coefficients carry the square root of that.
  steps.forEach((step, i) => {
    step.forEach((value, j) => {
      expect(Math.abs(value / PUBLISHED[i]![j]! - 1)).toBeLessThanOrEqual(Math.sqrt(1e-15));
    });
  });
});

test("a first step without cushion is the minimax polynomial of its interval", () => {
  for (const lower of [0.9, 0.3, 0.01]) {
    const [step] = polarExpressCoefficients({ lower, steps: 1, cushion: 0 });
    const errors = Array.from({ length: 2001 }, (_, i) => 1 - quintic(lower + ((1 - lower) * i) / 2000, step!));
    const level = Math.abs(errors[0]!);
    // Chebyshev: the largest error is taken four times with alternating signs, both ends among them.
    expect(Math.max(...errors.map(Math.abs))).toBeLessThanOrEqual(level * (1 + 1e-9));
    expect(errors.at(-1)).toBeCloseTo(-level, 9);
    const turns = errors.filter((e, i) => i > 0 && Math.sign(e) !== Math.sign(errors[i - 1]!)).length;
    expect(turns).toBe(3);
  }
});

test("coefficients outside their range are refused", () => {
  for (const options of [{ lower: 0 }, { lower: 2 }, { cushion: 1 }, { cushion: -1 }, { steps: 1.5 }]) {
    expect(() => polarExpressCoefficients(options)).toThrow(OptionError);
  }
});

onEveryEngine("newtonSchulz", () => {
  const random = new TestRandom(3);
  const spread = withSingularValues(6, 10, [1, 0.8, 0.5, 0.1, 0.05, 0.01], random);

  test("maps every singular value by the composed polynomial and leaves the vectors", () => {
    const s = [0.9, 0.5, 0.2, 0.05];
    const own = [[2, -1.5, 0.5], [3.4445, -4.775, 2.0315]] as const; // biome-ignore format: short
    const a = withSingularValues(4, 7, s, new TestRandom(1));
    const norm = Math.hypot(...s);
    const mapped = s.map((x) => quintic(quintic(x / norm, own[0]), own[1]));
    const expected = withSingularValues(4, 7, mapped, new TestRandom(1));
    expect(newtonSchulz(a, { coefficients: own })).toBeCloseMatrix(expected, 64 * ULP.float64);
    const tall = newtonSchulz(flip(a), { coefficients: own });
    expect(tall).toBeCloseMatrix(flip(expected), 64 * ULP.float64);
    expect(newtonSchulz(single(a), { coefficients: own })).toBeCloseMatrix(expected, 64 * ULP.float32);
  });

  test.each(["classical", "polar-express", "cans"] as const)("%s converges to the polar factor", (coefficients) => {
    const { u } = polar(matrix(6, 10, spread.data));
    expect(newtonSchulz(spread, { coefficients, steps: 16 })).toBeCloseMatrix(u, 6 * 10 * 16 * ULP.float64);
  });

  test("Muon's five steps leave singular values between 0.68 and 1.14, as their author says", () => {
    const { s } = polar(newtonSchulz(matrix(6, 10, spread.data), { coefficients: "muon" }));
    // The band holds from 1e-2 of the norm up (Jordan 2024).
    for (const value of s) expect(value > 0.6 && value < 1.21).toBe(true);
    expect(
      frobenius(minus(newtonSchulz(spread, { coefficients: "muon" }), polar(matrix(6, 10, spread.data)).u)),
    ).toBeGreaterThan(0.1);
  });

  test("any scale, zero, empty and strided", () => {
    const unit = newtonSchulz(spread);
    for (const exponent of [-1000, -140, 120, 1000]) {
      const scaled = matrix(6, 10, spread.data.map((x) => x * 2 ** exponent)); // biome-ignore format: short
      expect(newtonSchulz(scaled)).toBeCloseMatrix(unit, 60 * ULP.float64);
    }
    const tiny = single(dense(2, 3, (i, j) => (i === j ? 2 ** -140 : 0)));
    expect(newtonSchulz(tiny, { steps: 12 })).toBeCloseMatrix(
      dense(2, 3, (i, j) => (i === j ? 1 : 0)),
      32 * ULP.float32,
    );
    expect(newtonSchulz(zeros(3, 2)).data.every((x) => x === 0)).toBe(true);
    expect(newtonSchulz(zeros(0, 2)).shape).toEqual([0, 2]);
    expect(newtonSchulz(spread, { steps: 0 })).toBeCloseMatrix(
      dense(6, 10, (i, j) => spread.data[10 * i + j]! / frobenius(spread) / 1.01),
      8 * ULP.float64,
    );
  });

  test("refuses what does not fit", () => {
    const a = fromRows([[3, 4]]);
    const work = new Workspace(currentEngine(), newtonSchulzWorkspace(1, 2));
    expect(() => newtonSchulzInto(zeros(2, 1), a, work)).toThrow(ShapeError);
    expect(() => newtonSchulzInto(a, a, work, { steps: -1 })).toThrow(OptionError);
    expect(() => newtonSchulzInto(a, a, work, { coefficients: [] })).toThrow(OptionError);
    expect(() => newtonSchulzInto(a, a, work, { coefficients: "newton" as "muon" })).toThrow(OptionError);
    expect(a.data).toEqual(Float64Array.of(3, 4));
    expect(newtonSchulzInto(a, a, work)).toBe(a);
    expect(a).toBeCloseMatrix(
      dense(1, 2, (_, j) => [0.6, 0.8][j]!),
      16 * ULP.float64,
    );
    work.dispose();
  });

  refusesBadMatrices("newtonSchulz", newtonSchulz);
});
