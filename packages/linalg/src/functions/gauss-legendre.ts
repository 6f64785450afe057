/** A term of a quadrature rule: weight · f(node). */
export interface Term {
  readonly node: number;
  readonly weight: number;
}

/**
 * The Gauss-Legendre rule with m nodes on [0, 1], by Newton's method on the Legendre polynomial.
 *
 * @see Press et al., Numerical Recipes (2007), §4.6.1, for the starting points.
 */
export function gaussLegendre(m: number): Term[] {
  return Array.from({ length: m }, (_, i) => {
    let z = Math.cos((Math.PI * (i + 0.75)) / (m + 0.5));
    let slope = 1;
    // Quadratic from a start that is right to three digits: four steps reach rounding.
    for (let step = 0; step < 5; step++) {
      let [last, before] = [1, 0];
      for (let k = 1; k <= m; k++) [last, before] = [((2 * k - 1) * z * last - (k - 1) * before) / k, last];
      slope = (m * (z * last - before)) / (z * z - 1);
      z -= last / slope;
    }
    return { node: (1 + z) / 2, weight: 1 / ((1 - z * z) * slope * slope) };
  });
}
