import type { Backend } from "../backend/backend.ts";

/** The gradient of one weight, or only its projection onto the weight's subspace. */
export type Gradient<T> = WholeGradient<T> | ProjectedGradient<T>;

/** Ĝ alone, a mean over micro-batches that were projected one by one. */
interface ProjectedGradient<T> {
  readonly kind: "projected";
  readonly matrix: T;
}

/**
 * A gradient with a cached norm. Where a read-back stalls, the norm is measured at the first call of `norm`, so that it may travel with
 * the step's other read-backs; elsewhere it is measured at once, which also brings the gradient into the cache for the products that follow.
 */
export class WholeGradient<T> {
  readonly kind = "whole";
  /** Read only. Its elements need not be finite until {@link norm} has returned. */
  readonly matrix: T;
  private readonly backend: Backend<T, never>;
  private measured: number | undefined;

  constructor(backend: Backend<T, never>, matrix: T) {
    this.backend = backend;
    this.matrix = matrix;
    if (backend.readsStall) backend.expectNorms?.(matrix);
    else this.measured = backend.norm(matrix);
  }

  /** ‖G‖ in the Frobenius norm. @throws {RangeError} if an element is NaN or infinite. */
  norm(): number {
    if (!this.isFinite()) throw new RangeError("the gradient holds NaN or an infinity");
    return this.measured!;
  }

  /** Whether all elements are finite. */
  isFinite(): boolean {
    this.measured ??= this.backend.norm(this.matrix);
    return Number.isFinite(this.measured);
  }
}

/** Narrows a gradient to a whole one. @throws {TypeError} for a projected one. */
export function wholeOf<T>(gradient: Gradient<T>): WholeGradient<T> {
  if (gradient.kind === "whole") return gradient;
  throw new TypeError("expected the whole gradient, got its projection");
}
