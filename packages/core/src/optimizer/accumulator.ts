import { type Gradient, WholeGradient } from "../algorithms/gradient.ts";
import type { SubspaceSum } from "../algorithms/stepper.ts";
import type { Backend, Scratch } from "../backend/backend.ts";
import type { Collective, PendingReduction } from "../collective/collective.ts";
import { sumRowsStart, sumStart } from "../collective/sum-rows.ts";
import type { TrackedPart } from "./part.ts";

/** Sum of one part's micro-batches: gradients, or their projections. */
interface GradientSum<T> {
  readonly matrix: T;
  readonly rows: number;
  readonly cols: number;
  readonly projected: boolean;
}

/**
 * Sums the gradients of the micro-batches of one step, and of all ranks.
 *
 * Where the next step needs only Qᵀ G, which is linear in G, only that is summed: r × n instead of m × n. A step that computes a new
 * subspace needs the whole gradient; the buffer is reallocated only when its size changes.
 */
export class Accumulator<T> {
  /** Micro-batches so far, and those of them that are summed. */
  seen = 0;
  good = 0;
  /** Whether those that this rank summed are finite. */
  finite = true;
  private readonly backend: Backend<T, never>;
  private readonly parts: readonly TrackedPart<T>[];
  private readonly keepsWhole: boolean;
  private readonly sparse: boolean;
  private readonly sums: (GradientSum<T> | undefined)[];

  /**
   * @param keepsWhole - Whether to sum whole gradients where projections would do.
   * @param sparse - Whether ranks sum only rows that are not zero.
   */
  constructor(backend: Backend<T, never>, parts: readonly TrackedPart<T>[], keepsWhole: boolean, sparse: boolean) {
    this.backend = backend;
    this.parts = parts;
    this.keepsWhole = keepsWhole;
    this.sparse = sparse;
    this.sums = parts.map(() => undefined);
  }

  /** Counts a micro-batch, and adds its gradients, one a part; `undefined` if it was skipped. @param finite - whether they are. */
  add(gradients: readonly T[] | undefined, finite: boolean, scratch: Scratch<T>): void {
    gradients?.forEach((gradient, i) => {
      this.addTo(i, gradient, scratch);
    });
    this.seen++;
    if (gradients === undefined) return;
    this.good++;
    this.finite &&= finite;
  }

  /**
   * Starts the sums over the ranks. Once they are there, `good` counts the micro-batches of all of them. Call it once a step.
   *
   * @param count - micro-batches of all ranks, where none is ever skipped; `undefined` has them counted.
   * @param owner - the rank that gets the sums; `undefined` gives them to all.
   */
  reduceStart(collective: Collective, count: number | undefined, owner: number | undefined): PendingReduction {
    if (this.good === 0) this.clear();
    const good = Int32Array.of(count ?? this.good);
    const counted = count === undefined ? [collective.allReduceStart(good, "sum")] : [];
    const sums = this.sums.map((sum) => this.reduceMatrixStart(collective, sum!, owner));
    return {
      wait: () => {
        for (const each of [...counted, ...sums]) each.wait();
        this.good = good[0]!;
      },
    };
  }

  private reduceMatrixStart(
    collective: Collective,
    { matrix, cols, projected }: GradientSum<T>,
    owner: number | undefined,
  ): PendingReduction {
    const { backend } = this;
    const inPlace = backend.elements?.(matrix);
    const values = inPlace ?? backend.read(matrix);
    const byRows = this.sparse && !projected;
    const started = byRows ? sumRowsStart(collective, values, cols, owner) : sumStart(collective, values, owner);
    if (inPlace !== undefined) return started;
    return {
      wait: () => {
        started.wait();
        backend.write(matrix, values);
      },
    };
  }

  /** A rank without a finite micro-batch adds zeros to the sums of the others. */
  private clear(): void {
    for (const i of this.parts.keys()) {
      const { matrix, rows, cols } = this.sumOf(i, this.subspaceOf(i));
      this.backend.write(matrix, new Float32Array(rows * cols));
    }
  }

  /** Part `i`'s sum where it is one of projections, until the next micro-batch. */
  projection(i: number): T | undefined {
    const sum = this.sums[i]!;
    return sum.projected ? sum.matrix : undefined;
  }

  /** Computes part `i`'s mean over the micro-batches that were summed. Call it once a step. */
  mean(i: number): Gradient<T> {
    const { matrix, projected } = this.sums[i]!;
    this.backend.axpby(matrix, 1 / this.good, matrix, 0);
    return projected ? { kind: "projected", matrix } : new WholeGradient(this.backend, matrix);
  }

  /** Begins the next step. */
  reset(): void {
    this.seen = 0;
    this.good = 0;
    this.finite = true;
  }

  dispose(): void {
    for (const sum of this.sums) if (sum !== undefined) this.backend.dispose(sum.matrix);
  }

  /** Projects first, and adds then: a product that adds rounds otherwise, and sums of ranks could not have the bits of these. */
  private addTo(i: number, gradient: T, scratch: Scratch<T>): void {
    const inside = this.subspaceOf(i);
    const { matrix } = this.sumOf(i, inside);
    if (inside === undefined) this.backend.axpby(matrix, 1, gradient, this.good === 0 ? 0 : 1);
    else if (this.good === 0) inside.project(matrix, gradient);
    else {
      scratch.scope((inner) => {
        const projection = inner.matrix(inside.rows, inside.cols);
        inside.project(projection, gradient);
        this.backend.axpby(matrix, 1, projection, 1);
      });
    }
  }

  private subspaceOf(i: number): SubspaceSum<T> | undefined {
    return this.keepsWhole ? undefined : this.parts[i]!.stepper.subspaceSum?.();
  }

  /** The sum of part `i`, reallocated if its shape has changed. */
  private sumOf(i: number, inside: SubspaceSum<T> | undefined): GradientSum<T> {
    const { rows, cols } = inside ?? this.parts[i]!;
    const projected = inside !== undefined;
    const old = this.sums[i];
    if (old?.rows === rows && old.cols === cols && old.projected === projected) return old;
    if (old !== undefined) this.backend.dispose(old.matrix);
    this.sums[i] = undefined;
    const sum = { matrix: this.backend.allocate(rows, cols), rows, cols, projected };
    this.sums[i] = sum;
    return sum;
  }
}
