import { combined, EPS32, frobenius, type Rows, random, times, transposed } from "../dense.ts";
import { type ContractCase, expectClose, handleCase } from "./subject.ts";

const [M, N, K] = [6, 9, 5];
const a = random(M, K, 1);
const b = random(K, N, 2);
const c = random(M, N, 3);
/** K products and sums in float32. */
const TOLERANCE = (K + 3) * EPS32 * (frobenius(a) * frobenius(b) + frobenius(c));

export const productCases: readonly ContractCase[] = [
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) =>
      handleCase(`matmul with transposeA ${transposeA}, transposeB ${transposeB}`, (bench) => {
        const turn = (m: Rows, by: boolean): Rows => (by ? transposed(m) : m);
        const [left, right] = [bench.put(turn(a, transposeA)), bench.put(turn(b, transposeB))];
        const out = bench.garbage(M, N);
        bench.backend.matmul(out, left, right, { transposeA, transposeB });
        expectClose("a b", bench.get(out, M, N), times(a, b), TOLERANCE);
        bench.backend.write(out, Float32Array.from(c.flat()));
        bench.backend.matmul(out, left, right, { transposeA, transposeB, alpha: -2, beta: 0.5 });
        expectClose("c / 2 - 2 a b", bench.get(out, M, N), combined(-2, times(a, b), 0.5, c), 3 * TOLERANCE);
      }),
    ),
  ),

  handleCase("matmul of one operand with itself", (bench) => {
    const handle = bench.put(a);
    const out = bench.garbage(M, M);
    bench.backend.matmul(out, handle, handle, { transposeB: true });
    expectClose("a aᵀ", bench.get(out, M, M), times(a, transposed(a)), TOLERANCE);
  }),

  handleCase("matmul of single rows and columns", (bench) => {
    const [row, column] = [random(1, N, 4), random(N, 1, 5)];
    const [outer, inner] = [bench.garbage(N, N), bench.garbage(1, 1)];
    bench.backend.matmul(outer, bench.put(column), bench.put(row));
    bench.backend.matmul(inner, bench.put(row), bench.put(column));
    expectClose("outer", bench.get(outer, N, N), times(column, row), TOLERANCE);
    expectClose("inner", bench.get(inner, 1, 1), times(row, column), N * TOLERANCE);
  }),
];
