import {
  combined,
  EPS32,
  fill,
  frobenius,
  polarOf,
  type Rows,
  scaled,
  svd,
  times,
  transposed,
  withSpectrum,
} from "../dense.ts";
import { type ContractCase, expectClose, expectThat, handleCase, type Workbench, withScratch } from "./subject.ts";

const SPECTRUM = [8, 6, 4, 3, 2];
const SHAPES = [
  [5, 12],
  [12, 5],
  [5, 5],
] as const;

function polar<T>(bench: Workbench<T>, a: Rows, tolerance = EPS32 * 12) {
  const [rows, cols] = [a.length, a[0]!.length];
  const { backend } = bench;
  const out = bench.put(a);
  const info = withScratch(backend, backend.sizes.polar(rows, cols), (scratch) => {
    const { rank, spectrum } = backend.polar(out, out, scratch, { tolerance });
    return { rank, spectrum: spectrum?.slice() };
  });
  return { ...info, o: bench.get(out, rows, cols) };
}

interface RangeCase {
  readonly a: Rows;
  readonly rank: number;
  readonly transpose?: boolean;
  readonly start?: Rows;
  readonly counter?: number;
}

function rangeFinder<T>(bench: Workbench<T>, { a, rank, transpose = false, start, counter = 0 }: RangeCase): Rows {
  const { backend } = bench;
  const [rows, cols] = transpose ? [a[0]!.length, a.length] : [a.length, a[0]!.length];
  const settings = { oversampling: 4, powerIterations: 1 };
  const out = bench.garbage(rows, rank);
  const options = { ...settings, transpose, key: [7, 1, counter] as const, ...(start && { start: bench.put(start) }) };
  withScratch(backend, backend.sizes.rangeFinder(rows, cols, rank, settings), (scratch) =>
    backend.rangeFinder(out, bench.put(a), scratch, options),
  );
  return bench.get(out, rows, rank);
}

function expectOrthonormal(what: string, q: Rows): void {
  const gram = times(transposed(q), q);
  const identity = fill(gram.length, gram.length, (i, j) => (i === j ? 1 : 0));
  expectClose(`${what}: qᵀ q`, gram, identity, 10 * q.length * EPS32);
}

export const orthogonalizationCases: readonly ContractCase[] = [
  ...SHAPES.map(([rows, cols]) =>
    handleCase(`polar of ${rows} × ${cols}, in place`, (bench) => {
      const a = withSpectrum(rows, cols, SPECTRUM, 3);
      const { o, rank, spectrum } = polar(bench, a);
      // The condition number of a polar factor is 2 / (σ_r + σ_{r−1}).
      expectClose("factor", o, polarOf(a), 20 * EPS32 * (SPECTRUM[0]! / SPECTRUM.at(-1)!) * Math.sqrt(5));
      expectThat(rank === undefined || rank === 5, `rank: expected 5, got ${rank}`);
      SPECTRUM.forEach((sigma, i) => {
        if (spectrum === undefined) return;
        expectThat(Math.abs(spectrum[i]! - sigma) <= 20 * EPS32 * SPECTRUM[0]!, `σ ${i}: ${spectrum[i]}, not ${sigma}`);
      });
    }),
  ),

  handleCase("polar does not depend on scale", (bench) => {
    const a = withSpectrum(5, 12, SPECTRUM, 4);
    for (const scale of [2 ** -60, 2 ** 60]) {
      expectClose(`2^${Math.log2(scale)}`, polar(bench, scaled(scale, a)).o, polarOf(a), 40 * EPS32 * Math.sqrt(5));
    }
  }),

  handleCase("polar drops the directions below its tolerance", (bench) => {
    const a = withSpectrum(5, 12, [8, 6, 4, 0.01, 0.005], 5);
    const { o, rank } = polar(bench, a, 0.01);
    expectClose("partial isometry", o, polarOf(a, 0.01), 40 * EPS32 * Math.sqrt(5) * 2);
    expectThat(rank === undefined || rank === 3, `rank: expected 3, got ${rank}`);
  }),

  handleCase("polar of zero is zero", (bench) => {
    const zero = fill(4, 6, () => 0);
    expectClose("zero", polar(bench, zero).o, zero, 0);
  }),

  handleCase("newtonSchulz follows the polynomial that it is given", (bench) => {
    const a = withSpectrum(5, 12, SPECTRUM, 6);
    const coefficients = [
      [3.4445, -4.775, 2.0315],
      [2, -1.5, 0.5],
    ] as const;
    let want = scaled(1 / frobenius(a), a);
    for (const [p, q, r] of coefficients) {
      const gram = times(want, transposed(want));
      const third = times(gram, want);
      want = combined(1, combined(p, want, q, third), r, times(gram, third));
    }
    const out = bench.put(a);
    const { backend } = bench;
    withScratch(backend, backend.sizes.newtonSchulz(5, 12, { coefficients }), (scratch) =>
      backend.newtonSchulz(out, out, scratch, { coefficients }),
    );
    // The coefficients of each step add up to at most eleven in absolute value.
    expectClose("polynomial", bench.get(out, 5, 12), want, 12 * 11 ** 2 * EPS32);
  }),

  ...(["muon", "classical", "polar-express", "cans"] as const).map((coefficients) =>
    handleCase(`newtonSchulz knows ${coefficients}: singular values come near one`, (bench) => {
      const { backend } = bench;
      for (const [rows, cols] of SHAPES) {
        const out = bench.put(withSpectrum(rows, cols, SPECTRUM, 7));
        const options = coefficients === "classical" ? { coefficients, steps: 12 } : { coefficients };
        withScratch(backend, backend.sizes.newtonSchulz(rows, cols, options), (scratch) =>
          backend.newtonSchulz(out, out, scratch, options),
        );
        const { s } = svd(bench.get(out, rows, cols));
        // Muon's set, the loosest, ends between 0.68 and 1.13 (Jordan 2024); NaN fails as well.
        expectThat(
          s.every((sigma) => Math.abs(sigma - 1) < 0.35),
          `${rows} × ${cols}: ${s.join(", ")}`,
        );
      }
    }),
  ),

  ...[false, true].map((transpose) =>
    handleCase(`rangeFinder with transpose ${transpose}: orthonormal, and all of a low-rank matrix`, (bench) => {
      const a = withSpectrum(10, 14, [5, 4, 3], 8);
      const q = rangeFinder(bench, { a, rank: 3, transpose });
      expectOrthonormal("basis", q);
      const columns = transpose ? transposed(a) : a;
      const outside = combined(1, columns, -1, times(q, times(transposed(q), columns)));
      expectClose(
        "outside",
        outside,
        fill(columns.length, columns[0]!.length, () => 0),
        20 * 14 * EPS32 * frobenius(a),
      );
    }),
  ),

  handleCase("rangeFinder is orthonormal even for zero", (bench) => {
    expectOrthonormal("basis", rangeFinder(bench, { a: fill(10, 14, () => 0), rank: 3 }));
  }),

  handleCase("rangeFinder's numbers are named by its key", (bench) => {
    const a = withSpectrum(12, 12, [3, 2.9, 2.8, 2.7, 2.6, 2.5, 2.4, 2.3, 2.2, 2.1], 9);
    const [first, again, other] = [0, 0, 1].map((counter) => rangeFinder(bench, { a, rank: 2, counter }));
    expectClose("the same key", first!, again!, 0);
    const distance = frobenius(combined(1, first!, -1, other!));
    expectThat(distance > 1e-3, "another key gave the same sketch, although this matrix has no clear subspace");
  }),

  handleCase("rangeFinder with a start takes one block power iteration from there", (bench) => {
    const a = withSpectrum(10, 14, [5, 4, 3, 2, 1.5, 1], 10);
    const start = svd(withSpectrum(10, 10, [3, 2, 1], 11)).u.map((row) => row.slice(0, 3));
    const q = rangeFinder(bench, { a, rank: 3, start });
    expectOrthonormal("basis", q);
    const { u } = svd(times(a, times(transposed(a), start)));
    const want = u.map((row) => row.slice(0, 3));
    // Bases of one subspace differ, but their projectors are equal.
    const projector = (basis: Rows): Rows => times(basis, transposed(basis));
    expectClose("subspace", projector(q), projector(want), 100 * 14 * EPS32);
  }),
];
