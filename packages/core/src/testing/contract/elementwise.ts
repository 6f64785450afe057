import { combined, EPS32, fill, frobenius, type Rows, random, transposed } from "../dense.ts";
import { type ContractCase, expectClose, expectThat, handleCase, withScratch } from "./subject.ts";

const [ROWS, COLS] = [5, 7];
const a = random(ROWS, COLS, 1);
const b = random(ROWS, COLS, 2);
const map = (f: (...values: number[]) => number, ...matrices: Rows[]): Rows =>
  fill(ROWS, COLS, (i, j) => f(...matrices.map((matrix) => matrix[i]![j]!)));
/** Three roundings of numbers of this size. */
const rounding = (...matrices: Rows[]): number => 3 * EPS32 * matrices.reduce((sum, m) => sum + frobenius(m), 0);

export const elementwiseCases: readonly ContractCase[] = [
  handleCase("allocate gives zeros, write and read are inverse", (bench) => {
    const handle = bench.empty(ROWS, COLS);
    expectClose(
      "zeros",
      bench.get(handle, ROWS, COLS),
      map(() => 0, a),
      0,
    );
    expectClose("written", bench.get(bench.put(a), ROWS, COLS), a, 0);
  }),

  handleCase("axpby adds", (bench) => {
    const out = bench.put(b);
    bench.backend.axpby(out, 2, bench.put(a), -0.5);
    expectClose("2 a - b / 2", bench.get(out, ROWS, COLS), combined(2, a, -0.5, b), rounding(a, b));
  }),

  handleCase("axpby ignores what the output held if beta is 0", (bench) => {
    const out = bench.garbage(ROWS, COLS);
    bench.backend.axpby(out, 3, bench.put(a), 0);
    expectClose("3 a", bench.get(out, ROWS, COLS), combined(3, a, 0, a), rounding(a));
  }),

  handleCase("axpby scales in place", (bench) => {
    const out = bench.put(a);
    bench.backend.axpby(out, 0.25, out, 0);
    expectClose("a / 4", bench.get(out, ROWS, COLS), combined(0.25, a, 0, a), 0);
  }),

  handleCase("norm neither overflows nor underflows, and is not finite if and only if an element is not", (bench) => {
    const normOf = (rows: Rows): number => bench.backend.norm(bench.put(rows));
    for (const scale of [1, 2 ** 100, 2 ** -100]) {
      const got = normOf(combined(scale, a, 0, a)) / scale;
      expectThat(Math.abs(got - frobenius(a)) <= rounding(a), `norm of 2^${Math.log2(scale)} a: ${got} times that`);
    }
    expectThat(normOf(map(() => 0, a)) === 0, "norm of zero");
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const rows = a.map((row, i) => row.map((x, j) => (i === 3 && j === 4 ? bad : x)));
      expectThat(!Number.isFinite(normOf(rows)), `norm with ${bad} must not be finite`);
    }
  }),

  handleCase(
    "norms that were announced, if they can be, come with the next read, and go when the matrix is written to",
    (bench) => {
      const { backend } = bench;
      if (backend.expectNorms === undefined || backend.knownLineNorms === undefined) return;
      for (const lines of ["columns", "rows"] as const) {
        const handle = bench.put(a);
        backend.expectNorms(handle, lines);
        expectClose("what is read meanwhile", bench.get(bench.put(b), ROWS, COLS), b, 0);
        const [known, along] = [backend.knownLineNorms(handle, lines), lines === "columns" ? a : transposed(a)];
        const want = along[0]!.map((_, j) => lineNorm(along, j));
        expectThat(known?.length === want.length, `${lines}: expected ${want.length} norms, got ${known?.length}`);
        expectClose(lines, [Array.from(known!)], [want], COLS * rounding([want]));
        for (const announce of [() => backend.expectNorms!(handle, lines), () => backend.expectNorms!(handle)]) {
          announce();
          backend.axpby(handle, 2, handle, 1);
          announce();
          backend.axpby(handle, 1, bench.put(b), 0);
          const norm = backend.norm(handle);
          expectThat(Math.abs(norm - frobenius(b)) <= COLS * rounding(b), `norm ${norm} after another was announced`);
        }
      }
    },
  ),

  handleCase("shrinkAgreeing shrinks exactly the weights that the direction shrinks", (bench) => {
    const weight = bench.put(a);
    bench.backend.shrinkAgreeing(weight, bench.put(b), 0.75);
    const want = map((w, d) => (w * d > 0 ? 0.75 * w : w), a, b);
    expectClose("weights", bench.get(weight, ROWS, COLS), want, rounding(a));
  }),

  handleCase("scaleLines gives lines the ratio of two norms, and zero for a denominator of zero", (bench) => {
    for (const lines of ["columns", "rows"] as const) {
      const turn = (m: Rows): Rows => (lines === "columns" ? m : transposed(m));
      const denominator = b.map((row) => row.map((x, j) => (j === 2 ? 0 : x)));
      const ratio = a[0]!.map((_, j) => lineNorm(a, j) / lineNorm(denominator, j));
      const want = b.map((row) => row.map((x, j) => (j === 2 ? 0 : x * ratio[j]!)));
      const [rows, cols] = lines === "columns" ? [ROWS, COLS] : [COLS, ROWS];
      const out = bench.garbage(rows, cols);
      const handles = [bench.put(turn(b)), bench.put(turn(a)), bench.put(turn(denominator))] as const;
      const bytes = bench.backend.sizes.scaleLines(rows, cols);
      withScratch(bench.backend, bytes, (scratch) => bench.backend.scaleLines(out, ...handles, lines, scratch));
      expectClose(lines, bench.get(out, rows, cols), turn(want), COLS * rounding(want));
    }
  }),

  handleCase(
    "scaleLines without a numerator gives lines of length 1, and leaves lines of zeros, whatever their size",
    (bench) => {
      const sizes = [2 ** 20, 1, 2 ** -20];
      for (const lines of ["columns", "rows"] as const) {
        const turn = (m: Rows): Rows => (lines === "columns" ? m : transposed(m));
        const graded = a.map((row) => row.map((x, j) => (j === 3 ? 0 : x * sizes[j % sizes.length]!)));
        const want = graded.map((row) => row.map((x, j) => (j === 3 ? 0 : x / lineNorm(graded, j))));
        const [rows, cols] = lines === "columns" ? [ROWS, COLS] : [COLS, ROWS];
        const out = bench.put(turn(graded));
        const bytes = bench.backend.sizes.scaleLines(rows, cols);
        withScratch(bench.backend, bytes, (scratch) =>
          bench.backend.scaleLines(out, out, undefined, out, lines, scratch),
        );
        expectClose(lines, bench.get(out, rows, cols), turn(want), COLS * rounding(want));
      }
    },
  ),

  handleCase("scaleLines may scale its denominator in place", (bench) => {
    const out = bench.put(b);
    const bytes = bench.backend.sizes.scaleLines(ROWS, COLS);
    withScratch(bench.backend, bytes, (scratch) =>
      bench.backend.scaleLines(out, out, bench.put(a), out, "columns", scratch),
    );
    const want = b.map((row) => row.map((x, j) => (x * lineNorm(a, j)) / lineNorm(b, j)));
    expectClose("scaled", bench.get(out, ROWS, COLS), want, COLS * rounding(want));
  }),

  handleCase("adamw follows its formula for three steps", (bench) => {
    const update = { lr: 0.1, beta1: 0.8, beta2: 0.9, eps: 1e-3, decay: 0.3 };
    let [w, m, v] = [a, map(() => 0, a), map(() => 0, a)];
    const handles = [bench.put(a), bench.put(b), bench.empty(ROWS, COLS), bench.empty(ROWS, COLS)] as const;
    for (let t = 1; t <= 3; t++) {
      const [correction1, correction2] = [1 - 0.8 ** t, 1 - 0.9 ** t];
      m = combined(0.8, m, 0.2, b);
      v = map((x, g) => 0.9 * x + 0.1 * g * g, v, b);
      w = map((x, p, q) => x - 0.03 * x - (0.1 * (p / correction1)) / (Math.sqrt(q / correction2) + 1e-3), w, m, v);
      bench.backend.adamw(...handles, { ...update, correction1, correction2 });
    }
    expectClose("first moment", bench.get(handles[2], ROWS, COLS), m, 3 * rounding(m));
    expectClose("second moment", bench.get(handles[3], ROWS, COLS), v, 3 * rounding(v));
    // Each step moves by about lr; its relative error is a few roundings.
    expectClose(
      "weights",
      bench.get(handles[0], ROWS, COLS),
      w,
      3 *
        rounding(
          a,
          w,
          map(() => 1, a),
        ),
    );
  }),
];

const lineNorm = (m: Rows, j: number): number => Math.hypot(...m.map((row) => row[j]!));
