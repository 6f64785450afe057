/** x ← the packed n × n identity. */
export function writeIdentity(n: number, x: Float64Array): void {
  x.fill(0);
  for (let i = 0; i < n; i++) x[i * n + i] = 1;
}
