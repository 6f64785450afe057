import { defaultDevice, init, numpy as np } from "@jax-js/jax";

/** jax-js on its WebAssembly device. Evaluation is lazy, so a run includes reading the result. */
export async function load() {
  await init("wasm");
  defaultDevice("wasm");
  return [
    {
      name: "jax-js",
      matmul({ dtype, transposeA, transposeB }, a, b) {
        const [left, right] = [wrap(dtype, a), wrap(dtype, b)];
        let out;
        return {
          run() {
            // Functions of this library consume their arguments; `.ref` adds a reference.
            const [x, y] = [
              transposeA ? left.ref.transpose() : left.ref,
              transposeB ? right.ref.transpose() : right.ref,
            ];
            out = np.matmul(x, y).dataSync();
          },
          result: () => out,
          dispose() {
            left.dispose();
            right.dispose();
          },
        };
      },
      svd: factorization(["u", "s", "vt"], (a) => np.linalg.svd(a, { fullMatrices: false })),
      eigh: factorization(["values", "vectors"], (a) => np.linalg.eigh(a)),
      cholesky: factorization(["l"], (a) => [np.linalg.cholesky(a)]),
      inv: factorization(["x"], (a) => [np.linalg.inv(a)]),
      det: factorization(["det"], (a) => [np.linalg.det(a)]),
      solve: factorization(["x"], (a, b) => [np.linalg.solve(a, b)]),
    },
  ];
}

function factorization(names, factor) {
  return ({ dtype }, ...given) => {
    const operands = given.map((x) => wrap(dtype, x));
    let out;
    return {
      run() {
        out = factor(...operands.map((x) => x.ref)).map((array) => array.dataSync());
      },
      result: () => Object.fromEntries(names.map((name, i) => [name, out[i]])),
      dispose() {
        for (const operand of operands) operand.dispose();
      },
    };
  };
}

const wrap = (dtype, { rows, cols, data }) => np.array(data, { dtype }).reshape([rows, cols]);
