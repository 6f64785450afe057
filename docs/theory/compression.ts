import { type Matrix, matmul, matrix, randomizedSvd, svd } from "@sumo/linalg";
import type { Picture } from "./picture.ts";

/** A picture as a matrix of its differences from its mean grey, and its singular values. */
export interface Subject {
  readonly picture: Picture;
  readonly a: Matrix<Float32Array>;
  readonly mean: number;
  readonly s: Float32Array;
  /** Time of the full decomposition. */
  readonly ms: number;
}

export function subjectOf(picture: Picture): Subject {
  const { width, height, pixels } = picture;
  const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
  const a = matrix(
    height,
    width,
    pixels.map((pixel) => pixel - mean),
  );
  const [full, ms] = timed(1, () => svd(a));
  return { picture, a, mean, s: full.s, ms };
}

export interface Sketch {
  readonly rank: number;
  readonly oversampling: number;
  readonly powerIterations: number;
}

export interface Compressed {
  readonly picture: Picture;
  /** Singular values of the sketch. */
  readonly s: Float32Array;
  /** Share of ‖A‖² that the sketch holds. */
  readonly captured: number;
  readonly ms: number;
}

/** Approximates a picture by the leading singular triplets of a randomized SVD. */
export function compress({ a, mean, picture }: Subject, { rank, ...settings }: Sketch): Compressed {
  const [{ u, s, vt }, ms] = timed(5, () => randomizedSvd(a, rank, settings));
  const scaled = matrix(
    u.shape[0]!,
    rank,
    u.data.map((x, i) => x * s[i % rank]!),
  );
  const pixels = matmul(scaled, vt).data.map((x) => x + mean);
  return { picture: { ...picture, pixels }, s, captured: energyOf(s) / energyOf(a.data), ms };
}

/** Share of ‖A‖² that the best approximation of that rank holds (Eckart and Young). */
export function bestCaptured({ s, a }: Subject, rank: number): number {
  return energyOf(s.subarray(0, rank)) / energyOf(a.data);
}

const energyOf = (values: Float32Array): number => values.reduce((sum, x) => sum + x * x, 0);

/** Runs a function repeatedly. Returns its result and the least time in milliseconds. */
function timed<T>(repeats: number, run: () => T): readonly [T, number] {
  let least = Number.POSITIVE_INFINITY;
  for (;;) {
    const start = performance.now();
    const result = run();
    least = Math.min(least, performance.now() - start);
    if (--repeats === 0) return [result, least];
  }
}
