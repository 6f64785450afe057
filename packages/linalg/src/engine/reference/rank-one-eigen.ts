import type { Engine } from "../engine.ts";

const EPS = Number.EPSILON;
/** Four or five are usual; the bracket halves at least every other time. */
const MAX_ITERATIONS = 200;

/** Eigenvalues and eigenvectors of diag(d) + ρ z zᵀ. The contract is that of `Engine.rankOneEigen`. */
export const rankOneEigen: Engine["rankOneEigen"] = (k, rho, d, z, place, values, vectors, scratch) => {
  for (let i = 0; i < k; i++) values[i] = solve(k, i, rho, d, z, vectors, i * k);
  nearbyVector(k, d, z, vectors, scratch);
  for (let i = 0; i < k; i++) eigenvector(k, i * k, scratch, place, vectors);
};

/**
 * The root of 1/ρ + Σ z_j² / (d_j − λ) between d_i and d_{i+1} (above d_{k−1}: below d_{k−1} + ρ ‖z‖²), by rational interpolation
 * with the poles at both ends, measured from the pole that is nearer, and bisection where that leaves the bracket.
 * Writes d_j − λ to `delta`, each to full relative accuracy, and returns λ.
 */
function solve(
  k: number,
  i: number,
  rho: number,
  d: Float64Array,
  z: Float64Array,
  delta: Float64Array,
  offset: number,
): number {
  const last = i === k - 1;
  const [left, right] = last ? [Math.max(0, k - 2), k - 1] : [i, i + 1];
  let gap = d[right]! - d[left]!;
  if (last) {
    gap = 0;
    for (let j = 0; j < k; j++) gap += z[j]! * z[j]!;
    gap *= rho;
  }
  // The sign in the middle decides which end is nearer.
  const middle = evaluate(k, i, rho, d, z, last ? d[i]! : d[left]!, gap / 2);
  const fromLeft = last || middle.value >= 0;
  const origin = fromLeft ? d[i]! : d[i + 1]!;
  let low = fromLeft ? 0 : -gap / 2;
  let high = fromLeft ? gap / 2 : 0;
  if (last && middle.value < 0) [low, high] = [gap / 2, gap];
  let mu = fromLeft ? gap / 2 : -gap / 2;
  let { value, slopeLeft, slopeRight, size } = middle;
  for (let iteration = 0; iteration < MAX_ITERATIONS && Math.abs(value) > EPS * size; iteration++) {
    if (value < 0) low = Math.max(low, mu);
    else high = Math.min(high, mu);
    const next = mu + interpolate(d[left]! - origin - mu, d[right]! - origin - mu, value, slopeLeft, slopeRight, last);
    const inside = next > low && next < high;
    const step = inside ? next : (low + high) / 2;
    if (step === mu || step === low || step === high) break;
    mu = step;
    ({ value, slopeLeft, slopeRight, size } = evaluate(k, i, rho, d, z, origin, mu));
  }
  for (let j = 0; j < k; j++) delta[offset + j] = d[j]! - origin - mu;
  return origin + mu;
}

/** The secular function at origin + mu, its slope from the poles up to i and from the others, and the size that its rounding error scales with. */
function evaluate(
  k: number,
  i: number,
  rho: number,
  d: Float64Array,
  z: Float64Array,
  origin: number,
  mu: number,
): { value: number; slopeLeft: number; slopeRight: number; size: number } {
  const end = i === k - 1 ? Math.max(1, k - 1) : i + 1;
  let [left, slopeLeft, right, slopeRight] = [0, 0, 0, 0];
  for (let j = 0; j < end; j++) {
    const t = z[j]! / (d[j]! - origin - mu);
    left += z[j]! * t;
    slopeLeft += t * t;
  }
  for (let j = end; j < k; j++) {
    const t = z[j]! / (d[j]! - origin - mu);
    right += z[j]! * t;
    slopeRight += t * t;
  }
  const size = 8 * (Math.abs(left) + Math.abs(right)) + 1 / rho + Math.abs(mu) * (slopeLeft + slopeRight);
  return { value: 1 / rho + left + right, slopeLeft, slopeRight, size };
}

/** The step to the zero of c + r/(left − η) + s/(right − η), which agrees with both partial sums and their slopes (Li 1993, the middle way). */
function interpolate(
  left: number,
  right: number,
  value: number,
  slopeLeft: number,
  slopeRight: number,
  last: boolean,
): number {
  const c = value - left * slopeLeft - right * slopeRight;
  const a = (left + right) * value - left * right * (slopeLeft + slopeRight);
  const b = left * right * value;
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  if (last) return a >= 0 ? (a + root) / (2 * c) : (2 * b) / (a - root);
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root);
}

/**
 * out ← the vector near z for which the computed values are exact eigenvalues (Löwner's formula), so that eigenvectors made from it
 * are orthogonal to rounding however close the values lie.
 */
function nearbyVector(k: number, d: Float64Array, z: Float64Array, delta: Float64Array, out: Float64Array): void {
  for (let j = 0; j < k; j++) out[j] = 1;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) out[j]! *= i === j ? delta[i * k + j]! : delta[i * k + j]! / (d[j]! - d[i]!);
  }
  for (let j = 0; j < k; j++) out[j] = Math.sign(z[j]!) * Math.sqrt(Math.abs(out[j]!));
}

/** Turns the differences d_j − λ at `offset` into the eigenvector, its elements put in their places. */
function eigenvector(k: number, offset: number, z: Float64Array, place: Int32Array, vectors: Float64Array): void {
  const row = Float64Array.from({ length: k }, (_, j) => z[j]! / vectors[offset + j]!);
  let squares = 0;
  for (let j = 0; j < k; j++) squares += row[j]! * row[j]!;
  const factor = 1 / Math.sqrt(squares);
  for (let j = 0; j < k; j++) vectors[offset + place[j]!] = factor * row[j]!;
}
