import type { AttentionShape, Kernels, Rotation } from "../kernels.ts";

export const attention: Kernels["attention"] = (
  shape,
  start,
  rotation,
  headNorms,
  qkv,
  qkvOffset,
  out,
  outOffset,
  stats,
  statsOffset,
) => {
  const { length, heads, headDim } = shape;
  eachHead(shape, rotation, headNorms, qkv, qkvOffset, (b, h, { q, k, v }) => {
    for (let i = start; i < length; i++) {
      const scores = scoresOfRow(i, headDim, q, k);
      const top = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - top));
      const inverse = 1 / weights.reduce((sum, weight) => sum + weight, 0);
      const stat = statsOffset + 2 * ((b * heads + h) * length + i);
      stats[stat] = top;
      stats[stat + 1] = inverse;
      for (let c = 0; c < headDim; c++) {
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += weights[j]! * v[j * headDim + c]!;
        out[outOffset + ((b * length + i) * heads + h) * headDim + c] = sum * inverse;
      }
    }
  });
};

export const attentionBackward: Kernels["attentionBackward"] = (
  shape,
  rotation,
  headNorms,
  qkv,
  qkvOffset,
  out,
  dOut,
  outOffset,
  stats,
  statsOffset,
  sums,
  sumsOffset,
) => {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const width = (heads + 2 * kvHeads) * headDim;
  const gradient = new Float64Array(batch * length * width);
  const scale = 1 / Math.sqrt(headDim);
  const sumsOf = new Float64Array(batch * 2 * headDim);
  eachHead(shape, rotation, headNorms, qkv, qkvOffset, (b, h, { q, k, v, normed }, columns) => {
    const dQ = new Float64Array(length * headDim);
    const dK = new Float64Array(length * headDim);
    const dV = new Float64Array(length * headDim);
    for (let i = 0; i < length; i++) {
      const row = outOffset + ((b * length + i) * heads + h) * headDim;
      const stat = statsOffset + 2 * ((b * heads + h) * length + i);
      let pull = 0;
      for (let c = 0; c < headDim; c++) pull += out[row + c]! * dOut[row + c]!;
      scoresOfRow(i, headDim, q, k).forEach((score, j) => {
        const weight = Math.exp(score - stats[stat]!) * stats[stat + 1]!;
        let dWeight = 0;
        for (let c = 0; c < headDim; c++) dWeight += dOut[row + c]! * v[j * headDim + c]!;
        const dScore = weight * (dWeight - pull) * scale;
        for (let c = 0; c < headDim; c++) {
          dV[j * headDim + c]! += weight * dOut[row + c]!;
          dQ[i * headDim + c]! += dScore * k[j * headDim + c]!;
          dK[j * headDim + c]! += dScore * q[i * headDim + c]!;
        }
      });
    }
    rotate(length, headDim, rotation, -1, dQ);
    rotate(length, headDim, rotation, -1, dK);
    normed.forEach((rows, part) => {
      const weight = headNorms.subarray(part * headDim, (part + 1) * headDim);
      const sum = sumsOf.subarray((2 * b + part) * headDim, (2 * b + part + 1) * headDim);
      normalizeBackward(rows, weight, [dQ, dK][part]!, sum);
    });
    [dQ, dK, dV].forEach((d, part) => {
      for (let i = 0; i < length; i++) {
        const at = (b * length + i) * width + columns[part]!;
        for (let c = 0; c < headDim; c++) gradient[at + c]! += d[i * headDim + c]!;
      }
    });
  });
  qkv.set(gradient, qkvOffset);
  if (headNorms.length > 0) sums.set(sumsOf, sumsOffset);
};

/** One query head with its keys and values, [length, headDim] each, queries and keys normed and rotated. */
interface Head {
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
  /** Queries and keys divided by their root mean squares, before weights and rotation; none where the model has no norms of them. */
  readonly normed: readonly Normed[];
}

/** Rows divided by their root mean squares, and the inverses of these. */
interface Normed {
  readonly rows: Float64Array;
  readonly inverses: Float64Array;
}

function eachHead(
  { batch, length, heads, kvHeads, headDim, normEps }: AttentionShape,
  rotation: Rotation,
  headNorms: Float32Array,
  qkv: Float32Array,
  qkvOffset: number,
  body: (b: number, h: number, head: Head, columns: readonly number[]) => void,
): void {
  const width = (heads + 2 * kvHeads) * headDim;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * kvHeads) / heads);
      const columns = [h, heads + g, heads + kvHeads + g].map((column) => column * headDim);
      const [q, k, v] = columns.map((column) =>
        Float64Array.from({ length: length * headDim }, (_, at) => {
          const row = b * length + Math.floor(at / headDim);
          return qkv[qkvOffset + row * width + column + (at % headDim)]!;
        }),
      ) as [Float64Array, Float64Array, Float64Array];
      const normed = (headNorms.length === 0 ? [] : [q, k]).map((rows, part) =>
        normalize(rows, headNorms.subarray(part * headDim, (part + 1) * headDim), normEps),
      );
      rotate(length, headDim, rotation, 1, q);
      rotate(length, headDim, rotation, 1, k);
      body(b, h, { q, k, v, normed }, columns);
    }
  }
}

/** RMSNorm in place of rows as wide as the weight. */
function normalize(rows: Float64Array, weight: Float32Array, eps: number): Normed {
  const width = weight.length;
  const inverses = Float64Array.from({ length: rows.length / width }, (_, i) => {
    const squares = rows.subarray(i * width, (i + 1) * width).reduce((sum, x) => sum + x * x, 0);
    return 1 / Math.sqrt(squares / width + eps);
  });
  const plain = rows.map((x, at) => x * inverses[Math.floor(at / width)]!);
  rows.set(plain.map((x, at) => x * weight[at % width]!));
  return { rows: plain, inverses };
}

/** Backward pass of {@link normalize}: `d`, on entry the gradient of its output, becomes that of its input; adds the weight's to `sum`. */
function normalizeBackward({ rows, inverses }: Normed, weight: Float32Array, d: Float64Array, sum: Float64Array): void {
  const width = weight.length;
  inverses.forEach((inverse, i) => {
    let pull = 0;
    for (let c = 0; c < width; c++) pull += (weight[c]! * d[i * width + c]! * rows[i * width + c]!) / width;
    for (let c = 0; c < width; c++) {
      const at = i * width + c;
      sum[c]! += d[at]! * rows[at]!;
      d[at] = inverse * (weight[c]! * d[at]! - rows[at]! * pull);
    }
  });
}

/** Rotates each row by the angles of its position, backwards for sign −1. */
function rotate(length: number, headDim: number, { cosines, sines }: Rotation, sign: 1 | -1, rows: Float64Array): void {
  const half = headDim / 2;
  for (let i = 0; i < length; i++) {
    for (let c = 0; c < half; c++) {
      const cosine = cosines[i * half + c]!;
      const sine = sign * sines[i * half + c]!;
      const x = rows[i * headDim + c]!;
      const y = rows[i * headDim + half + c]!;
      rows[i * headDim + c] = x * cosine - y * sine;
      rows[i * headDim + half + c] = y * cosine + x * sine;
    }
  }
}

/** Scores of query i with keys 0 to i. */
function scoresOfRow(i: number, headDim: number, q: Float64Array, k: Float64Array): number[] {
  const scale = 1 / Math.sqrt(headDim);
  return Array.from({ length: i + 1 }, (_, j) => {
    let sum = 0;
    for (let c = 0; c < headDim; c++) sum += q[i * headDim + c]! * k[j * headDim + c]!;
    return sum * scale;
  });
}
