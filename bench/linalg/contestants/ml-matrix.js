import { EigenvalueDecomposition, Matrix, QrDecomposition, SingularValueDecomposition } from "ml-matrix";

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
    qr: factorization((a) => {
      const d = new QrDecomposition(a);
      return { q: d.orthogonalMatrix, r: d.upperTriangularMatrix };
    }),
  },
];

function factorization(factor) {
  return ({ dtype }, a) => {
    if (dtype !== "float64") return undefined;
    const operand = wrap(a);
    let out;
    return {
      run() {
        out = factor(operand);
      },
      result: () => Object.fromEntries(Object.entries(out).map(([name, value]) => [name, unwrap(value)])),
    };
  };
}

const wrap = ({ rows, cols, data }) => Matrix.from1DArray(rows, cols, data);

const unwrap = (value) => Float64Array.from(Array.isArray(value) ? value : value.to1DArray());
