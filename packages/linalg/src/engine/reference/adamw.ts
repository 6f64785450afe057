/** One AdamW update; formulas in `Engine.adamw`. Arithmetic is float64, the moments are rounded before they are used. */
export function adamw(
  n: number,
  w: Float32Array,
  wOffset: number,
  g: Float32Array,
  gOffset: number,
  m: Float32Array,
  mOffset: number,
  v: Float32Array,
  vOffset: number,
  lr: number,
  beta1: number,
  beta2: number,
  eps: number,
  decay: number,
  c1: number,
  c2: number,
): void {
  for (let i = 0; i < n; i++) {
    const gradient = g[gOffset + i]!;
    const first = Math.fround(beta1 * m[mOffset + i]! + (1 - beta1) * gradient);
    const second = Math.fround(beta2 * v[vOffset + i]! + (1 - beta2) * gradient * gradient);
    m[mOffset + i] = first;
    v[vOffset + i] = second;
    w[wOffset + i] = w[wOffset + i]! * (1 - lr * decay) - (lr * (first / c1)) / (Math.sqrt(second / c2) + eps);
  }
}
