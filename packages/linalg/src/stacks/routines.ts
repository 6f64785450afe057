import type {
  DiagonalOptions,
  Eig,
  Eigenvalues,
  Eigh,
  EighOptions,
  GramOptions,
  Hessenberg,
  LDL,
  Lstsq,
  LU,
  MatmulOptions,
  Matrix,
  MatrixLike,
  NewtonSchulzOptions,
  NormKind,
  Polar,
  PolarOptions,
  QR,
  QROptions,
  Real,
  Schur,
  Slogdet,
  SolveTriangularOptions,
  SVD,
  SVDOptions,
  ToleranceOptions,
  TriangleOptions,
  Vector,
  VectorLike,
} from "../index.ts";
import * as routines from "../index.ts";
import { overStacks, type Stacked } from "./over-stacks.ts";
import { smallCholesky, smallDeterminant, smallProduct, smallSystem } from "./small-kernels.ts";
import type { Stack } from "./stack.ts";

/** Cholesky factors of the matrices of a stack; as `cholesky` of one. */
export function cholesky<D extends Real>(a: MatrixLike<D>, options?: TriangleOptions): Stacked<Matrix<D>> {
  return overStacks(
    "cholesky",
    routines.cholesky,
    [a],
    [options],
    options === undefined ? smallCholesky : undefined,
  ) as Stacked<Matrix<D>>;
}

/** Condition numbers of the matrices of a stack; as `cond` of one. */
export function cond(a: MatrixLike, kind?: NormKind): Stacked<number> {
  return overStacks("cond", routines.cond, [a], [kind]) as Stacked<number>;
}

/** Determinants of the matrices of a stack; as `det` of one. */
export function det(a: MatrixLike): Stack<Float64Array> {
  return overStacks("det", (x: MatrixLike) => routines.det(x), [a], [], smallDeterminant) as Stack<Float64Array>;
}

/** Eigenvalues and eigenvectors of the matrices of a stack; as `eig` of one. */
export function eig<D extends Real>(a: MatrixLike<D>): Stacked<Eig<D>> {
  return overStacks("eig", routines.eig, [a]) as Stacked<Eig<D>>;
}

/** Eigenvalues and eigenvectors of symmetric matrices of the matrices of a stack; as `eigh` of one. */
export function eigh<D extends Real>(a: MatrixLike<D>, options?: EighOptions): Stacked<Eigh<D>> {
  return overStacks("eigh", routines.eigh, [a], [options]) as Stacked<Eigh<D>>;
}

/** Eigenvalues and eigenvectors of a x = λ b x, of stacks whose leading axes are broadcast; as `eighGeneralized` of one. */
export function eighGeneralized<D extends Real>(
  a: MatrixLike<D>,
  b: MatrixLike<D>,
  options?: TriangleOptions,
): Stacked<Eigh<D>> {
  return overStacks("eighGeneralized", routines.eighGeneralized, [a, b], [options]) as Stacked<Eigh<D>>;
}

/** Eigenvalues of the matrices of a stack; as `eigvals` of one. */
export function eigvals<D extends Real>(a: MatrixLike<D>): Stacked<Eigenvalues<D>> {
  return overStacks("eigvals", routines.eigvals, [a]) as Stacked<Eigenvalues<D>>;
}

/** Eigenvalues of symmetric matrices of the matrices of a stack; as `eigvalsh` of one. */
export function eigvalsh<D extends Real>(a: MatrixLike<D>, options?: EighOptions): Stacked<Vector<D>> {
  return overStacks("eigvalsh", routines.eigvalsh, [a], [options]) as Stacked<Vector<D>>;
}

/** Exponentials of the matrices of a stack; as `expm` of one. */
export function expm<D extends Real>(a: MatrixLike<D>): Stacked<Matrix<D>> {
  return overStacks("expm", routines.expm, [a]) as Stacked<Matrix<D>>;
}

/** Gram matrices of the matrices of a stack; as `gram` of one. */
export function gram(a: MatrixLike, options?: GramOptions): Stacked<Matrix<Float64Array>> {
  return overStacks("gram", routines.gram, [a], [options]) as Stacked<Matrix<Float64Array>>;
}

/** Hessenberg forms of the matrices of a stack; as `hessenberg` of one. */
export function hessenberg<D extends Real>(a: MatrixLike<D>): Stacked<Hessenberg<D>> {
  return overStacks("hessenberg", routines.hessenberg, [a]) as Stacked<Hessenberg<D>>;
}

/** Inverses of the matrices of a stack; as `inv` of one. */
export function inv<D extends Real>(a: MatrixLike<D>): Stack<D> {
  return overStacks("inv", routines.inv, [a], [], smallSystem) as Stack<D>;
}

/** Factorizations l d lᵀ of symmetric matrices of the matrices of a stack; as `ldl` of one. */
export function ldl<D extends Real>(a: MatrixLike<D>, options?: TriangleOptions): Stacked<LDL<D>> {
  return overStacks("ldl", routines.ldl, [a], [options]) as Stacked<LDL<D>>;
}

/** Logarithms of the matrices of a stack; as `logm` of one. */
export function logm<D extends Real>(a: MatrixLike<D>): Stacked<Matrix<D>> {
  return overStacks("logm", routines.logm, [a]) as Stacked<Matrix<D>>;
}

/** Least-squares solutions, of stacks whose leading axes are broadcast; as `lstsq` of one. A vector is the right-hand side of all. */
export function lstsq<D extends Real>(
  a: MatrixLike<D>,
  b: VectorLike<D>,
  options?: ToleranceOptions,
): Stacked<Lstsq<D>> {
  return overStacks("lstsq", routines.lstsq, [a, b], [options]) as Stacked<Lstsq<D>>;
}

/** LU factorizations of the matrices of a stack; as `lu` of one. */
export function lu<D extends Real>(a: MatrixLike<D>): Stacked<LU<D>> {
  return overStacks("lu", routines.lu, [a]) as Stacked<LU<D>>;
}

/** Products of the matrices of two stacks, whose leading axes are broadcast; as `matmul` of two. A vector is multiplied by every matrix. */
export function matmul<D extends Real>(a: MatrixLike<D>, b: VectorLike<D>, options?: MatmulOptions): Stack<D> {
  const small = options === undefined ? smallProduct : undefined;
  return overStacks("matmul", routines.matmul, [a, b], [options], small) as Stack<D>;
}

/** Powers of the matrices of a stack; as `matrixPower` of one. */
export function matrixPower<D extends Real>(a: MatrixLike<D>, exponent: number): Stacked<Matrix<D>> {
  return overStacks("matrixPower", routines.matrixPower, [a], [exponent]) as Stacked<Matrix<D>>;
}

/** Ranks of the matrices of a stack; as `matrixRank` of one. */
export function matrixRank(a: MatrixLike, options?: ToleranceOptions): Stacked<number> {
  return overStacks("matrixRank", routines.matrixRank, [a], [options]) as Stacked<number>;
}

/** Newton–Schulz iterations of the matrices of a stack; as `newtonSchulz` of one. */
export function newtonSchulz<D extends Real>(a: MatrixLike<D>, options?: NewtonSchulzOptions): Stacked<Matrix<D>> {
  return overStacks("newtonSchulz", routines.newtonSchulz, [a], [options]) as Stacked<Matrix<D>>;
}

/** Norms of matrices of the matrices of a stack; as `norm` of one. */
export function norm(a: MatrixLike, kind?: NormKind): Stacked<number> {
  return overStacks("norm", routines.norm, [a], [kind]) as Stacked<number>;
}

/** Pseudoinverses of the matrices of a stack; as `pinv` of one. */
export function pinv<D extends Real>(a: MatrixLike<D>, options?: ToleranceOptions): Stacked<Matrix<D>> {
  return overStacks("pinv", routines.pinv, [a], [options]) as Stacked<Matrix<D>>;
}

/** Polar factors of the matrices of a stack; as `polar` of one. */
export function polar<D extends Real>(a: MatrixLike<D>, options?: PolarOptions): Stacked<Polar<D>> {
  return overStacks("polar", routines.polar, [a], [options]) as Stacked<Polar<D>>;
}

/** QR factorizations of the matrices of a stack; as `qr` of one. */
export function qr<D extends Real>(a: MatrixLike<D>, options?: QROptions): Stacked<QR<D>> {
  return overStacks("qr", routines.qr, [a], [options]) as Stacked<QR<D>>;
}

/** Real Schur forms of the matrices of a stack; as `schur` of one. */
export function schur<D extends Real>(a: MatrixLike<D>): Stacked<Schur<D>> {
  return overStacks("schur", routines.schur, [a]) as Stacked<Schur<D>>;
}

/** Signs and logarithms of determinants of the matrices of a stack; as `slogdet` of one. */
export function slogdet(a: MatrixLike): Stacked<Slogdet> {
  return overStacks("slogdet", routines.slogdet, [a]) as Stacked<Slogdet>;
}

/** Solutions of the systems of two stacks, whose leading axes are broadcast; as `solve` of one. A vector is the right-hand side of all. */
export function solve<D extends Real>(a: MatrixLike<D>, b: VectorLike<D>): Stack<D> {
  return overStacks("solve", routines.solve, [a, b], [], smallSystem) as Stack<D>;
}

/** Solutions of triangular systems, whose leading axes are broadcast; as `solveTriangular` of one. */
export function solveTriangular<D extends Real>(
  a: MatrixLike<D>,
  b: VectorLike<D>,
  options?: SolveTriangularOptions,
): Stack<D> {
  return overStacks("solveTriangular", routines.solveTriangular, [a, b], [options]) as Stack<D>;
}

/** Square roots of the matrices of a stack; as `sqrtm` of one. */
export function sqrtm<D extends Real>(a: MatrixLike<D>): Stacked<Matrix<D>> {
  return overStacks("sqrtm", routines.sqrtm, [a]) as Stacked<Matrix<D>>;
}

/** Angles between ranges, of stacks whose leading axes are broadcast; as `subspaceAngles` of two. */
export function subspaceAngles(a: MatrixLike, b: MatrixLike): Stack<Float64Array> {
  return overStacks("subspaceAngles", routines.subspaceAngles, [a, b]) as Stack<Float64Array>;
}

/** Singular value decompositions of the matrices of a stack; as `svd` of one. */
export function svd<D extends Real>(a: MatrixLike<D>, options?: SVDOptions): Stacked<SVD<D>> {
  return overStacks("svd", routines.svd, [a], [options]) as Stacked<SVD<D>>;
}

/** Singular values of the matrices of a stack; as `svdvals` of one. */
export function svdvals<D extends Real>(a: MatrixLike<D>): Stacked<Vector<D>> {
  return overStacks("svdvals", routines.svdvals, [a]) as Stacked<Vector<D>>;
}

/** Sums of diagonals of the matrices of a stack; as `trace` of one. */
export function trace(a: MatrixLike, options?: DiagonalOptions): Stacked<number> {
  return overStacks("trace", routines.trace, [a], [options]) as Stacked<number>;
}

/** Lower triangles of the matrices of a stack; as `tril` of one. */
export function tril<D extends Real>(a: MatrixLike<D>, options?: DiagonalOptions): Stacked<Matrix<D>> {
  return overStacks("tril", routines.tril, [a], [options]) as Stacked<Matrix<D>>;
}

/** Upper triangles of the matrices of a stack; as `triu` of one. */
export function triu<D extends Real>(a: MatrixLike<D>, options?: DiagonalOptions): Stacked<Matrix<D>> {
  return overStacks("triu", routines.triu, [a], [options]) as Stacked<Matrix<D>>;
}
