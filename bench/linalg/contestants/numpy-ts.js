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
    svd: factorization((a) => np.linalg.svd(a, false)),
    eigh: factorization((a) => np.linalg.eigh(a), { values: "w", vectors: "v" }),
    qr: factorization((a) => np.linalg.qr(a)),
  },
];

/** Runs a factorization. `names` maps results whose names differ from ours. */
function factorization(factor, names = {}) {
  return ({ dtype }, a) => {
    const operand = wrap(dtype, a);
    let out;
    return {
      run() {
        out = factor(operand);
      },
      result() {
        const data = Object.fromEntries(Object.keys(out).map((name) => [name, np.ravel(out[name]).data]));
        for (const [ours, theirs] of Object.entries(names)) data[ours] = data[theirs];
        return data;
      },
    };
  };
}

const wrap = (dtype, { rows, cols, data }) => np.array(Array.from(data), dtype).reshape(rows, cols);
