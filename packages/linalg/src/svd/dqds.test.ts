import { TestRandom } from "@sumo/testing";
import { expect, test } from "vitest";
import { currentEngine } from "../engine/current.ts";
import { Workspace } from "../memory/workspace.ts";
import { dqdsValues, dqdsWorkspace } from "./dqds.ts";

const EPS = Number.EPSILON;

function values(diagonal: readonly number[], beside: readonly number[]): Float64Array {
  const n = diagonal.length;
  const work = new Workspace(currentEngine(), dqdsWorkspace(n));
  const q = Float64Array.from(diagonal, (x) => x * x);
  const e = new Float64Array(n);
  for (let i = 0; i < n - 1; i++) e[i] = beside[i]! ** 2;
  dqdsValues("test", n, q, e, work);
  work.dispose();
  return q;
}

/** Number of singular values below x > 0: the negative pivots of the matrix with ±σ as eigenvalues, less the n negative ones (Sylvester). */
function countBelow(x: number, diagonal: readonly number[], beside: readonly number[]): number {
  const n = diagonal.length;
  let negative = 0;
  let pivot = -x;
  for (let i = 0; i < 2 * n; i++) {
    if (i > 0) {
      const coupling = i % 2 === 1 ? diagonal[(i - 1) / 2]! : beside[i / 2 - 1]!;
      pivot = -x - coupling ** 2 / pivot;
    }
    if (pivot === 0) pivot = EPS * x;
    if (pivot < 0) negative++;
  }
  return negative - n;
}

test("ones on the diagonal and beside it: the values are 2 cos(kπ / (2n + 1))", () => {
  for (const n of [1, 2, 3, 10, 100, 501]) {
    const ones = new Array<number>(n).fill(1);
    for (const [i, value] of values(ones, ones).entries()) {
      expect(Math.abs(value - 2 * Math.cos(((i + 1) * Math.PI) / (2 * n + 1)))).toBeLessThanOrEqual(4 * n * EPS);
    }
  }
});

const random = new TestRandom(7);
const uniform = (): number => 2 * random.uniform() - 1;
const make = (n: number, entry: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => entry(i));
const grades = (n: number, i: number): number => 10 ** ((-16 * i) / n);
const CASES: Record<string, (n: number) => readonly [number[], number[]]> = {
  "uniform elements": (n) => [make(n, uniform), make(n, uniform)],
  "falling from 1 to 1e-16": (n) => [make(n, (i) => grades(n, i)), make(n, (i) => grades(n, i) * uniform())],
  "rising from 1e-16 to 1": (n) => [make(n, (i) => grades(n, n - i)), make(n, (i) => grades(n, n - i) * uniform())],
  "a cluster at 1": (n) => [make(n, () => 1), make(n, () => 1e-9 * uniform())],
  "a value above a cluster": (n) => [make(n, (i) => (i === 3 ? 1 : 1e-8)), make(n, () => 1e-8 * uniform())],
  "zeros at random": (n) => [
    make(n, () => (random.uniform() < 0.2 ? 0 : uniform())),
    make(n, () => (random.uniform() < 0.1 ? 0 : uniform())),
  ],
  "blocks that hardly touch": (n) => [make(n, (i) => 1 + (i % 10)), make(n, (i) => (i % 10 === 9 ? 1e-12 : 1))],
  "a diagonal that falls and rises": (n) => [make(n, (i) => Math.abs(i - n / 2) + 1e-3), make(n, () => 1)],
  "a nilpotent matrix": (n) => [make(n, () => 0), make(n, () => 1)],
  "nothing but zeros": (n) => [make(n, () => 0), make(n, () => 0)],
};

test.each(Object.keys(CASES))("%s: as many values lie below each as Sylvester's law counts", (name) => {
  for (const n of [1, 2, 3, 8, 33, 200]) {
    const [diagonal, beside] = CASES[name]!(n);
    const found = values(diagonal, beside);
    const off = 8 * n * EPS * found[0]!;
    for (const [i, value] of found.entries()) {
      expect(value).toBeGreaterThanOrEqual(found[i + 1] ?? 0);
      if (value > off) expect(countBelow(value - off, diagonal, beside)).toBeLessThanOrEqual(n - 1 - i);
      if (found[0]! > 0) expect(countBelow(value + off, diagonal, beside)).toBeGreaterThanOrEqual(n - i);
    }
  }
});
