import dgemm from "@stdlib/blas-base-dgemm";
import sgemm from "@stdlib/blas-base-sgemm";

/** stdlib's BLAS in plain JavaScript. */
export const load = async () => [
  {
    name: "@stdlib/blas",
    matmul({ dtype, m, n, k, transposeA, transposeB }, a, b) {
      const gemm = dtype === "float32" ? sgemm : dgemm;
      const out = new a.data.constructor(m * n);
      const op = (transposed) => (transposed ? "transpose" : "no-transpose");
      const [left, right] = [op(transposeA), op(transposeB)];
      return {
        run: () => gemm("row-major", left, right, m, n, k, 1, a.data, a.cols, b.data, b.cols, 0, out, n),
        result: () => out,
      };
    },
  },
];
