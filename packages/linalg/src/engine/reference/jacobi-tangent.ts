/** Tangent of the angle, at most 45°, by which a rotation turns the symmetric matrix [a x; x b] to the diagonal a − t x, b + t x. */
export function jacobiTangent(a: number, b: number, x: number): number {
  const zeta = (b - a) / (2 * x);
  // Where 1 + ζ² = ζ² to rounding, before the square overflows.
  if (Math.abs(zeta) > 1e100) return 0.5 / zeta;
  return (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
}
