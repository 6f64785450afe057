import { expect } from "vitest";
import { element, flip, frobenius, minus, times, type View } from "./matrices/dense.ts";

interface MatrixMatchers<R> {
  /** Expects factors whose product is within `tolerance`, absolute, of `a` in Frobenius norm. */
  toReconstruct(a: View, tolerance: number): R;
  /** Expects orthonormal columns: ‖QᵀQ − I‖ at most `tolerance` in Frobenius norm. */
  toBeOrthonormal(tolerance: number): R;
  /** Expects every element within `tolerance`, absolute, of that of `b`. */
  toBeCloseMatrix(b: View, tolerance: number): R;
}

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: vitest declares the parameter so, and declarations must agree
  interface Matchers<T = any> extends MatrixMatchers<T> {}
}

/** Adds the three matrix matchers to vitest's `expect`. Call it once at the top of a test file. */
export function addMatrixMatchers(): void {
  expect.extend({
    toReconstruct(factors: readonly View[], a: View, tolerance: number) {
      const product = factors.reduce((left, right) => times(left, right));
      return verdict("distance from the product", frobenius(minus(product, a)), tolerance);
    },
    toBeOrthonormal(q: View, tolerance: number) {
      const gram = times(flip(q), q);
      const n = gram.shape[0];
      for (let i = 0; i < n; i++) gram.data[i * n + i]! -= 1;
      return verdict("distance from orthonormal", frobenius(gram), tolerance);
    },
    toBeCloseMatrix(a: View, b: View, tolerance: number) {
      let most = 0;
      for (let i = 0; i < b.shape[0]!; i++) {
        for (let j = 0; j < b.shape[1]!; j++) most = worse(most, Math.abs(element(a, i, j) - element(b, i, j)));
      }
      return verdict(
        "largest difference",
        most,
        a.shape[0] === b.shape[0] && a.shape[1] === b.shape[1] ? tolerance : -1,
      );
    },
  });
}

const worse = (a: number, b: number): number => (Number.isNaN(b) || b > a ? b : a);

function verdict(what: string, value: number, tolerance: number) {
  return { pass: value <= tolerance, message: () => `${what} is ${value}, tolerance ${tolerance}` };
}
