import { addMatrixMatchers, dense, element, flip, frobenius, scaleColumns, TestRandom, times, type View, withEigenvalues, withSingularValues } from "@sumo/testing"; // biome-ignore format: short
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { ArgumentError, NonFiniteError, NotConvergedError, OptionError, ShapeError } from "../errors.ts";
import { norm } from "../products/norm.ts";
import { svdvals } from "../svd/svd.ts";
import { eigsh } from "./eigsh.ts";
import type { Operator } from "./operator.ts";
import { svds } from "./svds.ts";

addMatrixMatchers();

const TOLERANCE = 1e-12;

/** The operator of a dense matrix. */
const operatorOf = (a: View): Operator => {
  const [rows, cols] = [a.shape[0]!, a.shape[1]!];
  const multiply = (from: View) => (x: Float64Array, out: Float64Array) => {
    for (let i = 0; i < out.length; i++) for (let j = 0; j < x.length; j++) out[i]! += element(from, i, j) * x[j]!;
  };
  return { rows, cols, apply: multiply(a), applyTransposed: multiply(flip(a)) };
};

/** −Δ on a square of side × side points, zero around it: 5 entries a row. */
const laplacian = (side: number): Operator => {
  const apply = (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        const at = i * side + j;
        let sum = 4 * x[at]!;
        if (i > 0) sum -= x[at - side]!;
        if (i < side - 1) sum -= x[at + side]!;
        if (j > 0) sum -= x[at - 1]!;
        if (j < side - 1) sum -= x[at + 1]!;
        out[at] = sum;
      }
    }
  };
  return { rows: side * side, cols: side * side, apply, applyTransposed: apply };
};

/** Its eigenvalues, ascending: 4 − 2 cos(π i / (side + 1)) − 2 cos(π j / (side + 1)), most of them twice. */
const spectrum = (side: number): number[] => {
  const wave = (i: number): number => 2 - 2 * Math.cos((Math.PI * i) / (side + 1));
  const one = Array.from({ length: side }, (_, i) => wave(i + 1));
  return one.flatMap((x) => one.map((y) => x + y)).sort((x, y) => x - y);
};

/** Expects each value within `tolerance` of the expected one. */
function expectClose(values: Float64Array, expected: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < values.length; i++) expect(Math.abs(values[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance);
}

/** A v − v diag(values), column by column through the operator. */
function residual({ rows, apply }: Operator, vectors: View, values: ArrayLike<number>): number {
  const image = dense(rows, vectors.shape[1]!);
  for (let j = 0; j < vectors.shape[1]!; j++) {
    const out = new Float64Array(rows);
    apply(
      Float64Array.from({ length: vectors.shape[0]! }, (_, i) => element(vectors, i, j)),
      out,
    );
    out.forEach((value, i) => {
      image.data[i * vectors.shape[1]! + j] = value - element(vectors, i, j) * values[j]!;
    });
  }
  return frobenius(image);
}

onEveryEngine("operators", () => {
  test.each(["largest", "smallest", "magnitude"] as const)(
    "eigsh finds the %s eigenvalues of a sparse Laplacian, each as often as it occurs",
    (which) => {
      const side = 16;
      const operator = laplacian(side);
      const all = spectrum(side);
      const k = 7;
      const { values, vectors } = eigsh(operator, k, { which });
      const expected = which === "smallest" ? all.slice(0, k) : all.slice(-k);
      expectClose(values, expected, 2 * TOLERANCE * 8);
      expect(vectors.shape).toEqual([side * side, k]);
      expect(vectors).toBeOrthonormal(35 * k * 2 ** -52);
      expect(residual(operator, vectors, values)).toBeLessThanOrEqual(4 * k * TOLERANCE * 8);
    },
  );

  test("eigsh orders by sign or by magnitude", () => {
    const spectrum = Array.from({ length: 40 }, (_, i) => (i - 22) / 3);
    const operator = operatorOf(withEigenvalues(spectrum, new TestRandom(3)));
    const check = (which: "largest" | "smallest" | "magnitude", expected: number[]): void => {
      const { values } = eigsh(operator, 3, { which });
      expectClose(
        values,
        expected.map((value) => value / 3),
        1e-10,
      );
    };
    check("largest", [15, 16, 17]);
    check("smallest", [-22, -21, -20]);
    check("magnitude", [-22, -21, -20]);
  });

  test.each([
    [50, 30],
    [30, 50],
    [120, 120],
    [3, 2],
    [1, 4],
  ])("svds agrees with a known spectrum, %d × %d", (m, n) => {
    // biome-ignore format: short
    const least = Math.min(m, n);
    const s = Array.from({ length: least }, (_, i) => (i < 4 ? 8 - (i >> 1) : 0.9 ** i));
    const a = withSingularValues(m, n, s, new TestRandom(m));
    const k = Math.min(5, least);
    const found = svds(operatorOf(a), k);
    expect([found.u.shape, found.vt.shape]).toEqual([[m, k], [k, n]]); // biome-ignore format: short
    expectClose(found.s, s, 20 * TOLERANCE * 8);
    expect(found.u).toBeOrthonormal(35 * k * 2 ** -52);
    expect(found.vt.T).toBeOrthonormal(35 * k * 2 ** -52);
    const bound = 4 * k * TOLERANCE * 8;
    expect(times(a, found.vt.T)).toBeCloseMatrix(scaleColumns(found.u, found.s), bound);
    expect(times(flip(a), found.u)).toBeCloseMatrix(scaleColumns(found.vt.T, found.s), bound);
  });

  test("small orders are complete: the whole spectrum, with zeros and repeated values", () => {
    const a = withSingularValues(9, 7, [2, 2, 2, 1, 0, 0, 0], new TestRandom(2));
    const { s } = svds(operatorOf(a), 7);
    expectClose(s, svdvals(a), 64 * 2 ** -52);
    expect(Array.from(eigsh(operatorOf(dense(30, 30)), 2).values)).toEqual([0, 0]);
    expect(Array.from(svds(operatorOf(dense(40, 30)), 2).s)).toEqual([0, 0]);
    const identity = operatorOf(dense(60, 60, (i, j) => (i === j ? 1 : 0)));
    expectClose(eigsh(identity, 4).values, [1, 1, 1, 1], 1e-14);
  });

  test("copies of a value that one start does not show in time are found", () => {
    const values = [5, 5, 5, 4.8, 4.6, ...Array.from({ length: 195 }, (_, i) => 4.4 - i / 50)];
    const operator = operatorOf(dense(200, 200, (i, j) => (i === j ? values[i]! : 0)));
    const tolerance = 1e-4;
    for (const k of [2, 3]) {
      expectClose(eigsh(operator, k, { tolerance }).values.toReversed(), values, 2 * tolerance * 5);
      expectClose(svds(operator, k, { tolerance }).s, values, 2 * tolerance * 5);
    }
  });

  test("any scale, to the ends of the range", () => {
    for (const scale of [2 ** 900, 2 ** -900]) {
      const { apply, rows, cols } = laplacian(7);
      const scaled = (x: Float64Array, out: Float64Array): void => {
        apply(x, out);
        for (let i = 0; i < out.length; i++) out[i]! *= scale;
      };
      const operator = { rows, cols, apply: scaled, applyTransposed: scaled };
      const top = spectrum(7).at(-1)!;
      expect(Math.abs(eigsh(operator, 1).values[0]! / scale - top)).toBeLessThanOrEqual(1e-11);
      expect(Math.abs(svds(operator, 1).s[0]! / scale - top)).toBeLessThanOrEqual(1e-11);
    }
  });
});

describe("operators are checked by what they do", () => {
  const good = laplacian(6);

  test("equal keys give equal bits, other keys the same values", () => {
    const [one, same, other] = [[1, 2, 3], [1, 2, 3], [4, 5, 6]].map((key) => eigsh(good, 2, { key: key as [1, 2, 3] })); // biome-ignore format: short
    expect(one!.vectors.data).toEqual(same!.vectors.data);
    expect(norm(Float64Array.from(one!.values, (x, i) => x - other!.values[i]!))).toBeLessThanOrEqual(1e-11);
  });

  test("one that is not symmetric, and a transpose that is none, are refused", () => {
    const random = new TestRandom(4);
    const a = dense(40, 40, () => random.normal());
    expect(() => eigsh(operatorOf(a), 2)).toThrow("eigsh: expected a symmetric operator");
    const { apply } = operatorOf(a);
    expect(() => svds({ rows: 40, cols: 40, apply, applyTransposed: apply }, 2)).toThrow(ArgumentError);
  });

  test("one that returns, or is not finite, is refused", () => {
    const returns = { ...good, apply: (x: Float64Array) => x.slice() as never };
    expect(() => eigsh(returns, 1)).toThrow("write to its second argument");
    expect(() => eigsh({ ...good, apply: (async () => {}) as never }, 1)).toThrow("got a Promise");
    const apply = (_: Float64Array, out: Float64Array): void => {
      out[3] = Number.NaN;
    };
    expect(() => svds({ ...good, apply }, 1)).toThrow(NonFiniteError);
    expect(() => svds({ ...good, apply }, 1)).toThrow(expect.objectContaining({ index: [3, 0] }));
  });

  test("one that does not converge says how far it came", () => {
    expect(() => eigsh(laplacian(40), 1, { which: "smallest", maxProducts: 30 })).toThrow(NotConvergedError);
  });

  test("arguments that do not fit are refused", () => {
    for (const rows of [0, 2.5, "3"]) expect(() => eigsh({ ...good, rows: rows as number }, 1)).toThrow(ArgumentError);
    expect(() => eigsh({ ...good, rows: 35 }, 1)).toThrow(ShapeError);
    expect(() => svds(good, 37)).toThrow(ShapeError);
    expect(() => svds({ rows: 2, cols: 2, apply: good.apply } as Operator, 1)).toThrow(
      "applyTransposed to be a function",
    );
    for (const options of [
      { which: "least" },
      { which: "toString" },
      { tolerance: -1 },
      { maxProducts: 0 },
      { key: 3 },
      { sigma: 0 },
    ]) {
      expect(() => eigsh(good, 1, options as never)).toThrow(OptionError);
    }
  });
});
