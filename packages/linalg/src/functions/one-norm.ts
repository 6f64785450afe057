/** ‖x‖₁ of a packed n × n matrix: the largest column sum of magnitudes. */
export function oneNorm(n: number, x: Float64Array): number {
  let most = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(x[i * n + j]!);
    most = Math.max(most, sum);
  }
  return most;
}
