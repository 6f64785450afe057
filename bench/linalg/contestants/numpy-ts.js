import * as np from "numpy-ts";

export const load = async () => [
  {
    name: "numpy-ts",
    matmul({ dtype, transposeA, transposeB }, a, b) {
      const [left, right] = [wrap(dtype, a), wrap(dtype, b)];
      let out;
      return {
        run() {
          out = np.matmul(transposeA ? left.T : left, transposeB ? right.T : right);
        },
        result: () => out.data,
      };
    },
  },
];

const wrap = (dtype, { rows, cols, data }) => np.array(Array.from(data), dtype).reshape(rows, cols);
