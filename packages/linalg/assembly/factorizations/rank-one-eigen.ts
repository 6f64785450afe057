import { both } from "./reflect";

const EPS: f64 = 2.220446049250313e-16;
/** Four or five are usual; the bracket halves at least every other time. */
const MAX_ITERATIONS: i32 = 200;

// The secular function where it was evaluated last: without a stack of their own, results travel in globals.
let value: f64 = 0;
let slopeLeft: f64 = 0;
let slopeRight: f64 = 0;
let size: f64 = 0;

/** The contract of `Engine.rankOneEigen`. */
export function rankOneEigen(
  k: usize, rho: f64, d: usize, z: usize, place: usize, values: usize, vectors: usize, scratch: usize,
): void {
  let row = vectors;
  for (let i: usize = 0; i < k; i++, row += 8 * k) store<f64>(values + 8 * i, solve(k, i, rho, d, z, row));
  nearbyVector(k, d, z, vectors, scratch);
  row = vectors;
  for (let i: usize = 0; i < k; i++, row += 8 * k) eigenvector(k, row, scratch);
  permute(k, place, vectors, scratch);
}

/** The root above d_i; see the reference engine's `solve`. Writes d_j − λ to `delta` and returns λ. */
function solve(k: usize, i: usize, rho: f64, d: usize, z: usize, delta: usize): f64 {
  const last = i == k - 1;
  const left = last ? (k < 2 ? 0 : k - 2) : i;
  const right = last ? k - 1 : i + 1;
  const dLeft = load<f64>(d + 8 * left), dRight = load<f64>(d + 8 * right);
  let gap = dRight - dLeft;
  if (last) {
    gap = 0;
    for (let j: usize = 0; j < k; j++) gap += load<f64>(z + 8 * j) * load<f64>(z + 8 * j);
    gap *= rho;
  }
  const split: usize = last ? max<usize>(1, k - 1) : i + 1;
  const di = load<f64>(d + 8 * i);
  evaluate(k, split, rho, d, z, di, gap / 2);
  const fromLeft = last || value >= 0;
  const origin = fromLeft ? di : dRight;
  let low = fromLeft ? 0 : -gap / 2;
  let high = fromLeft ? gap / 2 : 0;
  if (last && value < 0) {
    low = gap / 2;
    high = gap;
  }
  let mu = fromLeft ? gap / 2 : -gap / 2;
  for (let iteration = 0; iteration < MAX_ITERATIONS && abs(value) > EPS * size; iteration++) {
    if (value < 0) low = max(low, mu);
    else high = min(high, mu);
    const next = mu + interpolate(dLeft - origin - mu, dRight - origin - mu, last);
    const step = next > low && next < high ? next : (low + high) / 2;
    if (step == mu || step == low || step == high) break;
    mu = step;
    evaluate(k, split, rho, d, z, origin, mu);
  }
  for (let j: usize = 0; j < 8 * k; j += 8) store<f64>(delta + j, load<f64>(d + j) - origin - mu);
  return origin + mu;
}

/** The secular function at origin + mu, its slopes from the poles before `split` and from the others, and the size of its rounding. */
function evaluate(k: usize, split: usize, rho: f64, d: usize, z: usize, origin: f64, mu: f64): void {
  terms(split, d, z, origin, mu);
  const left = value;
  slopeLeft = slopeRight;
  terms(k - split, d + 8 * split, z + 8 * split, origin, mu);
  const right = value;
  size = 8 * (abs(left) + abs(right)) + 1 / rho + abs(mu) * (slopeLeft + slopeRight);
  value = 1 / rho + left + right;
}

/** value ← Σ z_j² / (d_j − λ), slopeRight ← its derivative. */
function terms(count: usize, d: usize, z: usize, origin: f64, mu: f64): void {
  const end = d + 8 * count;
  const origin2 = f64x2.splat(origin), mu2 = f64x2.splat(mu);
  let s0 = f64x2.splat(0), s1 = s0, t0 = s0, t1 = s0;
  for (; d + 32 <= end; d += 32, z += 32) {
    const z0 = v128.load(z), z1 = v128.load(z, 16);
    const q0 = f64x2.div(z0, f64x2.sub(f64x2.sub(v128.load(d), origin2), mu2));
    const q1 = f64x2.div(z1, f64x2.sub(f64x2.sub(v128.load(d, 16), origin2), mu2));
    s0 = f64x2.add(s0, f64x2.mul(z0, q0));
    s1 = f64x2.add(s1, f64x2.mul(z1, q1));
    t0 = f64x2.add(t0, f64x2.mul(q0, q0));
    t1 = f64x2.add(t1, f64x2.mul(q1, q1));
  }
  let sum = both(f64x2.add(s0, s1)), slope = both(f64x2.add(t0, t1));
  for (; d < end; d += 8, z += 8) {
    const q = load<f64>(z) / (load<f64>(d) - origin - mu);
    sum += load<f64>(z) * q;
    slope += q * q;
  }
  value = sum;
  slopeRight = slope;
}

/** The step to the zero of the interpolating function with poles at distances `left` and `right` (Li 1993, the middle way). */
function interpolate(left: f64, right: f64, last: bool): f64 {
  const c = value - left * slopeLeft - right * slopeRight;
  const a = (left + right) * value - left * right * (slopeLeft + slopeRight);
  const b = left * right * value;
  const root = sqrt(max<f64>(0, a * a - 4 * b * c));
  if (last) return a >= 0 ? (a + root) / (2 * c) : (2 * b) / (a - root);
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root);
}

/** out ← the vector near z for which the computed values are exact (Löwner's formula). */
function nearbyVector(k: usize, d: usize, z: usize, delta: usize, out: usize): void {
  const bytes = k << 3, even = bytes & ~(<usize>15);
  for (let j: usize = 0; j < bytes; j += 8) store<f64>(out + j, 1);
  for (let i: usize = 0; i < bytes; i += 8, delta += bytes) {
    const kept = load<f64>(out + i) * load<f64>(delta + i);
    const pole = f64x2.splat(load<f64>(d + i));
    for (let j: usize = 0; j < even; j += 16) {
      const ratio = f64x2.div(v128.load(delta + j), f64x2.sub(v128.load(d + j), pole));
      v128.store(out + j, f64x2.mul(v128.load(out + j), ratio));
    }
    if (even < bytes) store<f64>(out + even, load<f64>(out + even) * (load<f64>(delta + even) / (load<f64>(d + even) - load<f64>(d + i))));
    store<f64>(out + i, kept);
  }
  for (let j: usize = 0; j < bytes; j += 8) store<f64>(out + j, copysign(sqrt(abs(load<f64>(out + j))), load<f64>(z + j)));
}

/** Turns the differences d_j − λ in `row` into the eigenvector. */
function eigenvector(k: usize, row: usize, z: usize): void {
  const bytes = k << 3, even = bytes & ~(<usize>15);
  let sums = f64x2.splat(0);
  for (let j: usize = 0; j < even; j += 16) {
    const x = f64x2.div(v128.load(z + j), v128.load(row + j));
    v128.store(row + j, x);
    sums = f64x2.add(sums, f64x2.mul(x, x));
  }
  let squares = both(sums);
  if (even < bytes) {
    const x = load<f64>(z + even) / load<f64>(row + even);
    store<f64>(row + even, x);
    squares += x * x;
  }
  const factor = 1 / sqrt(squares);
  const factors = f64x2.splat(factor);
  for (let j: usize = 0; j < even; j += 16) v128.store(row + j, f64x2.mul(factors, v128.load(row + j)));
  if (even < bytes) store<f64>(row + even, factor * load<f64>(row + even));
}

/** Component j of every row to place[j]. */
function permute(k: usize, place: usize, row: usize, scratch: usize): void {
  const bytes = k << 3;
  for (let i: usize = 0; i < k; i++, row += bytes) {
    for (let j: usize = 0; j < k; j++) store<f64>(scratch + 8 * <usize>load<u32>(place + 4 * j), load<f64>(row + 8 * j));
    memory.copy(row, scratch, bytes);
  }
}
