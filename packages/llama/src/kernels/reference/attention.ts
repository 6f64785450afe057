import type { AttentionShape, Kernels, Rotation } from "../kernels.ts";

export const attention: Kernels["attention"] = (
  shape,
  start,
  rotation,
  qkv,
  qkvOffset,
  out,
  outOffset,
  stats,
  statsOffset,
) => {
  const { length, heads, headDim } = shape;
  eachHead(shape, rotation, qkv, qkvOffset, (b, h, { q, k, v }) => {
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
  qkv,
  qkvOffset,
  out,
  dOut,
  outOffset,
  stats,
  statsOffset,
) => {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const width = (heads + 2 * kvHeads) * headDim;
  const gradient = new Float64Array(batch * length * width);
  const scale = 1 / Math.sqrt(headDim);
  eachHead(shape, rotation, qkv, qkvOffset, (b, h, { q, k, v }, columns) => {
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
    [dQ, dK, dV].forEach((d, part) => {
      for (let i = 0; i < length; i++) {
        const at = (b * length + i) * width + columns[part]!;
        for (let c = 0; c < headDim; c++) gradient[at + c]! += d[i * headDim + c]!;
      }
    });
  });
  qkv.set(gradient, qkvOffset);
};

/** One query head with its keys and values, [length, headDim] each, queries and keys rotated. */
interface Head {
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
}

function eachHead(
  { batch, length, heads, kvHeads, headDim }: AttentionShape,
  rotation: Rotation,
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
      rotate(length, headDim, rotation, 1, q);
      rotate(length, headDim, rotation, 1, k);
      body(b, h, { q, k, v }, columns);
    }
  }
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
