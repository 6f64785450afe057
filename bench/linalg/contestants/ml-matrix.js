import {
  CholeskyDecomposition,
  determinant,
  EigenvalueDecomposition,
  inverse,
  Matrix,
  QrDecomposition,
  SingularValueDecomposition,
  solve,
} from "ml-matrix";

/** ml-matrix: float64 only; the library copies transposed operands. */
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
        result: () => unwrap(out),
      };
    },
    svd: factorization((a) => {
      const d = new SingularValueDecomposition(a, { autoTranspose: true });
      return { u: d.leftSingularVectors, s: d.diagonal, vt: d.rightSingularVectors.transpose() };
    }),
    eigh: factorization((a) => {
      const d = new EigenvalueDecomposition(a, { assumeSymmetric: true });
      return { values: d.realEigenvalues, vectors: d.eigenvectorMatrix };
    }),
    svdvals: factorization((a) => ({
      s: new SingularValueDecomposition(a, { computeLeftSingularVectors: false, computeRightSingularVectors: false })
        .diagonal,
    })),
    cholesky: factorization((a) => ({ l: new CholeskyDecomposition(a).lowerTriangularMatrix })),
    inv: factorization((a) => ({ x: inverse(a) })),
    det: factorization((a) => ({ det: [determinant(a)] })),
    solve: factorization((a, b) => ({ x: solve(a, b) })),
    lstsq: factorization((a, b) => ({ x: new QrDecomposition(a).solve(b) })),
    qr: factorization((a) => {
      const d = new QrDecomposition(a);
      return { q: d.orthogonalMatrix, r: d.upperTriangularMatrix };
    }),
  },
];

function factorization(factor) {
  return ({ dtype }, ...given) => {
    if (dtype !== "float64") return undefined;
    const operands = given.map(wrap);
    let out;
    return {
      run() {
        out = factor(...operands);
      },
      result: () => Object.fromEntries(Object.entries(out).map(([name, value]) => [name, unwrap(value)])),
    };
  };
}

const wrap = ({ rows, cols, data }) => Matrix.from1DArray(rows, cols, data);

const unwrap = (value) => Float64Array.from(Array.isArray(value) ? value : value.to1DArray());
