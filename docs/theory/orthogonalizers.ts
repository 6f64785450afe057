import { fillNormal, fromRows, type Matrix, matmul, matrix, newtonSchulz, polar, qr } from "@sumo/linalg";

/** A method that sets singular values to one, exactly or approximately. */
export interface Orthogonalizer {
  readonly name: string;
  readonly of: (moment: Matrix<Float32Array>) => Matrix<Float32Array>;
}

export const orthogonalizers: readonly Orthogonalizer[] = [
  { name: "exact polar factor", of: (moment) => polar(moment).u },
  { name: "Muon's five steps", of: (moment) => newtonSchulz(moment, { coefficients: "muon" }) },
  { name: "Polar Express, eight steps", of: (moment) => newtonSchulz(moment, { coefficients: "polar-express" }) },
  { name: "classical, five steps", of: (moment) => newtonSchulz(moment, { coefficients: "classical", steps: 5 }) },
];

/** A matrix with a known singular value decomposition a = u diag(s) vᵀ. */
export interface Moment {
  readonly a: Matrix<Float32Array>;
  /** r × r, orthogonal. */
  readonly u: Matrix<Float64Array>;
  readonly s: readonly number[];
  /** n × r, orthonormal columns. */
  readonly v: Matrix<Float64Array>;
}

/** Singular values from 1 down to 1 / condition, evenly on a logarithmic scale. */
export function evenSpectrum(rank: number, condition: number): readonly number[] {
  return Array.from({ length: rank }, (_, i) => (rank === 1 ? 1 : condition ** (-i / (rank - 1))));
}

/** Creates an r × n float32 matrix with r given singular values and random singular vectors, a pure function of its arguments. */
export function createMoment(s: readonly number[], cols: number): Moment {
  const rank = s.length;
  const u = orthonormal(rank, rank, 0);
  const v = orthonormal(cols, rank, 1);
  const scaled = matmul(u, fromRows(s.map((value, i) => s.map((_, j) => (i === j ? value : 0)))));
  const exact = matmul(scaled, v, { transposeB: true });
  return { a: matrix(rank, cols, Float32Array.from(exact.data)), u, s, v };
}

function orthonormal(rows: number, cols: number, stream: number): Matrix<Float64Array> {
  const random = new Float64Array(rows * cols);
  fillNormal(random, [0, stream, 0]);
  return qr(matrix(rows, cols, random)).q;
}

/** Result of an orthogonalizer. */
export interface Outcome {
  readonly name: string;
  /** uᵢᵀ x vᵢ, the result's value for each singular value; one if exact. */
  readonly values: readonly number[];
  /** ‖x − u vᵀ‖ / ‖u vᵀ‖ in Frobenius norm. */
  readonly error: number;
}

/** Applies all {@link orthogonalizers}. */
export function orthogonalizeAll({ a, u, v }: Moment): readonly Outcome[] {
  const factor = matmul(u, v, { transposeB: true });
  return orthogonalizers.map(({ name, of }) => {
    const x = Float64Array.from(of(a).data);
    const distance = Math.hypot(...x.map((value, i) => value - factor.data[i]!));
    const inside = matmul(matmul(u, matrix(a.shape[0]!, a.shape[1]!, x), { transposeA: true }), v);
    const values = Array.from({ length: u.shape[0]! }, (_, i) => inside.get(i, i));
    return { name, values, error: distance / Math.sqrt(values.length) };
  });
}

/** Lemma 3.2's bound for the relative error after five steps, with κ = cond(M Mᵀ) = cond(M)²: (1 − 1 / κ)^(2⁵). */
export function lemmaBound(condition: number): number {
  return (1 - condition ** -2) ** 32;
}
