import type { Backend } from "../backend/backend.ts";

/** The gradient of one weight, or only its projection onto the subspace that the weight is tracked in. */
export type Gradient<T> = WholeGradient<T> | ProjectedGradient<T>;

/** Ĝ alone: the sum of micro-batches that were projected one by one. */
interface ProjectedGradient<T> {
  readonly kind: "projected";
  readonly matrix: T;
}

/** A gradient whose norm is measured when it is first asked for. */
export class WholeGradient<T> {
  readonly kind = "whole";
  /** Read only. Its elements need not be finite until {@link norm} has returned. */
  readonly matrix: T;
  private readonly backend: Backend<T, never>;
  private measured: number | undefined;

  constructor(backend: Backend<T, never>, matrix: T) {
    this.backend = backend;
    this.matrix = matrix;
    backend.expectNorms?.(matrix);
  }

  /** ‖G‖ in the Frobenius norm. @throws {RangeError} if an element is NaN or infinite. */
  norm(): number {
    if (!this.isFinite()) throw new RangeError("the gradient holds NaN or an infinity");
    return this.measured!;
  }

  /** Whether no element is NaN or infinite. */
  isFinite(): boolean {
    this.measured ??= this.backend.norm(this.matrix);
    return Number.isFinite(this.measured);
  }
}

/** The gradient, where all of it is there. @throws {TypeError} if only its projection is. */
export function wholeOf<T>(gradient: Gradient<T>): WholeGradient<T> {
  if (gradient.kind === "whole") return gradient;
  throw new TypeError("expected the whole gradient, got its projection");
}
