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
    svd(task, a) {
      // Its call on a wide matrix cannot be interrupted: 128 × 1024 kept it busy for 316 s, and NaN came out.
      if (task.m < task.n) throw new Error("not tried: a wide matrix takes minutes");
      return factorization((x) => np.linalg.svd(x, false))(task, a);
    },
    eigh: factorization((a) => np.linalg.eigh(a), { values: "w", vectors: "v" }),
    qr: factorization((a) => np.linalg.qr(a)),
    svdvals: factorization((a) => ({ s: np.linalg.svdvals(a) })),
    cholesky: factorization((a) => ({ l: np.linalg.cholesky(a) })),
    inv: factorization((a) => ({ x: np.linalg.inv(a) })),
    det: factorization((a) => ({ det: np.array([np.linalg.det(a)]) })),
    solve: factorization((a, b) => ({ x: np.linalg.solve(a, b) })),
  },
];

/** Runs a factorization. `names` maps results whose names differ from ours. */
function factorization(factor, names = {}) {
  return ({ dtype }, ...given) => {
    const operands = given.map((x) => wrap(dtype, x));
    let out;
    return {
      run() {
        out = factor(...operands);
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
