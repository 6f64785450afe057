import { TestRandom } from "@sumo/testing";
import { expect, test } from "vitest";
import {
  currentEngine,
  eighInto,
  eighWorkspace,
  eigInto,
  eigWorkspace,
  expmInto,
  expmWorkspace,
  gram,
  invInto,
  invWorkspace,
  logmInto,
  logmWorkspace,
  type Matrix,
  matrix,
  pinvInto,
  pinvWorkspace,
  polarInto,
  polarWorkspace,
  qrInto,
  qrWorkspace,
  rangeFinderInto,
  rangeFinderWorkspace,
  schurInto,
  schurWorkspace,
  sqrtmInto,
  sqrtmWorkspace,
  svdInto,
  svdWorkspace,
  Workspace,
  type WorkspaceSize,
  zeros,
} from "../src/index.ts";
import { onEveryEngine } from "./on-every-engine.ts";

const ORDERS = [1, 2, 5, 17, 40];
type Routine = (out: Matrix, a: Matrix, work: Workspace, n: number) => void;

const routines: readonly (readonly [name: string, size: (n: number) => WorkspaceSize, run: Routine])[] = [
  ["qr", (n) => qrWorkspace(n, n), (out, a, work, n) => qrInto({ q: out, r: zeros(n, n) }, a, work)],
  [
    "svd",
    (n) => svdWorkspace(n, n),
    (u, a, work, n) => svdInto({ u, s: new Float64Array(n), vt: zeros(n, n) }, a, work),
  ],
  ["eigh", eighWorkspace, (vectors, a, work, n) => eighInto({ values: new Float64Array(n), vectors }, a, work)],
  [
    "eigh by Jacobi from a start",
    (n) => eighWorkspace(n, { start: zeros(n, n) }),
    (vectors, a, work, n) => eighInto({ values: new Float64Array(n), vectors }, a, work, { start: a }),
  ],
  ["schur", schurWorkspace, (z, a, work, n) => schurInto({ t: zeros(n, n), z }, a, work)],
  [
    "eig",
    eigWorkspace,
    (re, a, work, n) =>
      eigInto({ re: new Float64Array(n), im: new Float64Array(n), vectors: { re, im: zeros(n, n) } }, a, work),
  ],
  ["expm", expmWorkspace, (out, a, work) => expmInto(out, a, work)],
  ["sqrtm", sqrtmWorkspace, (out, a, work) => sqrtmInto(out, gram(a), work)],
  ["logm", logmWorkspace, (out, a, work) => logmInto(out, gram(a), work)],
  ["polar", (n) => polarWorkspace(n, n), (u, a, work) => polarInto({ u }, a, work)],
  ["pinv", (n) => pinvWorkspace(n, n), (out, a, work) => pinvInto(out, a, work)],
  ["inv", invWorkspace, (out, a, work) => invInto(out, a, work)],
  ["rangeFinder", (n) => rangeFinderWorkspace(n, n, n), (q, a, work) => rangeFinderInto({ q }, a, work)],
];

onEveryEngine("scratch", () => {
  test.each(routines)("of %s may hold anything on entry", (_, size, run) => {
    for (const n of ORDERS) {
      const random = new TestRandom(n);
      const a = matrix(
        n,
        n,
        Float64Array.from({ length: n * n }, () => random.normal()),
      );
      const work = new Workspace(currentEngine(), size(n));
      const results = [0, Number.NaN, 1e300].map((garbage) => {
        work.scope(() => work.float64(work.bytes / 8).fill(garbage));
        const out = zeros(n, n);
        run(out, a, work, n);
        return out.data;
      });
      work.dispose();
      for (const result of results) expect(result).toEqual(results[0]);
      expect(results[0]!.every(Number.isFinite)).toBe(true);
    }
  });
});
