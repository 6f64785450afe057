import type { Backend } from "../backend/backend.ts";
import type { TrackedPart } from "./track.ts";

/** The sum of a part's micro-batches: of its gradients, or of what the next step needs of them. */
export interface GradientSum<T> {
  readonly matrix: T;
  readonly rows: number;
  readonly cols: number;
  readonly projected: boolean;
}

/**
 * Sums the gradients of the micro-batches of one step.
 *
 * Where the next step needs only Qᵀ G, which is linear in G, only that is summed, r × n instead of m × n. A step that computes a new
 * subspace needs the whole gradient; the buffer changes its size around such steps and is otherwise kept.
 */
export class Accumulator<T> {
  /** Micro-batches so far, and those of them that were finite. */
  seen = 0;
  good = 0;
  private readonly backend: Backend<T, never>;
  private readonly parts: readonly TrackedPart<T>[];
  private readonly sums: (GradientSum<T> | undefined)[];

  constructor(backend: Backend<T, never>, parts: readonly TrackedPart<T>[]) {
    this.backend = backend;
    this.parts = parts;
    this.sums = parts.map(() => undefined);
  }

  /** Counts a micro-batch, and adds its gradients, one a part, unless it was skipped. */
  add(gradients: readonly T[] | undefined): void {
    gradients?.forEach((gradient, i) => {
      this.addTo(i, gradient);
    });
    this.seen++;
    if (gradients !== undefined) this.good++;
  }

  /** The mean over the finite micro-batches of part `i`. Call it once a step. */
  mean(i: number): GradientSum<T> {
    const sum = this.sums[i]!;
    this.backend.axpby(sum.matrix, 1 / this.good, sum.matrix, 0);
    return sum;
  }

  /** Ready for the next step. */
  reset(): void {
    this.seen = 0;
    this.good = 0;
  }

  dispose(): void {
    for (const sum of this.sums) if (sum !== undefined) this.backend.dispose(sum.matrix);
  }

  private addTo(i: number, gradient: T): void {
    const { backend } = this;
    const { stepper, rows, cols } = this.parts[i]!;
    const shape = stepper.projectedShape?.();
    const { matrix } = this.sumOf(i, shape ?? [rows, cols], shape !== undefined);
    const beta = this.good === 0 ? 0 : 1;
    if (shape === undefined) backend.axpby(matrix, 1, gradient, beta);
    else stepper.projectInto!(matrix, gradient, beta);
  }

  private sumOf(i: number, [rows, cols]: readonly [number, number], projected: boolean): GradientSum<T> {
    const old = this.sums[i];
    if (old?.rows === rows && old.cols === cols && old.projected === projected) return old;
    if (old !== undefined) this.backend.dispose(old.matrix);
    this.sums[i] = undefined;
    const sum = { matrix: this.backend.allocate(rows, cols), rows, cols, projected };
    this.sums[i] = sum;
    return sum;
  }
}
