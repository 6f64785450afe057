import { Matrix } from "ml-matrix";

/** Float64 only; a transposed operand is copied by the library. */
export const load = async () => [
  {
    name: "ml-matrix",
    matmul({ dtype, transposeA, transposeB }, a, b) {
      if (dtype !== "float64") return undefined;
      const [left, right] = [wrap(a), wrap(b)];
      let out;
      return {
        run() {
          out = (transposeA ? left.transpose() : left).mmul(transposeB ? right.transpose() : right);
        },
        result: () => Float64Array.from(out.to1DArray()),
      };
    },
  },
];

const wrap = ({ rows, cols, data }) => Matrix.from1DArray(rows, cols, data);
