import * as tf from "@tensorflow/tfjs-core";

/**
 * Sum of the gradients of one variable over the micro-batches of a step. Whole gradients, which core would sum in a variable's subspace where
 * it can: the joint norm that `clip` limits is theirs, and tfjs holds all gradients of a micro-batch at once anyway.
 */
export class GradientSum {
  private readonly microBatches: number;
  private sum: tf.Tensor | undefined;
  /** Micro-batches so far, and those among them that were added. */
  private seen = 0;
  private added = 0;

  constructor(microBatches: number) {
    this.microBatches = microBatches;
  }

  /** Whether a step has begun and waits for more micro-batches. */
  get isPending(): boolean {
    return this.seen > 0;
  }

  /**
   * Counts a micro-batch.
   *
   * @param gradient - `undefined` if it was skipped.
   * @returns after the last micro-batch of a step the mean of those that were added, owned by the caller; `undefined` otherwise.
   */
  add(gradient: tf.Tensor | undefined): tf.Tensor | undefined {
    if (gradient !== undefined) {
      const { sum } = this;
      this.sum = tf.keep(sum === undefined ? tf.clone(gradient) : tf.add(sum, gradient));
      sum?.dispose();
      this.added++;
    }
    this.seen++;
    if (this.seen < this.microBatches) return undefined;
    const mean = this.sum && tf.mul(this.sum, 1 / this.added);
    this.reset();
    return mean;
  }

  /** Drops the micro-batches of an unfinished step. */
  reset(): void {
    this.sum?.dispose();
    this.sum = undefined;
    this.seen = 0;
    this.added = 0;
  }
}
