import * as tf from "@tensorflow/tfjs";
import type { Cell } from "./cell.ts";
import { BusyError } from "./errors.ts";

/** Thrown where a number is needed that is still on its way from the device. */
class Pending extends Error {
  readonly tensor: tf.Tensor;

  constructor(tensor: tf.Tensor) {
    super("a tensor is being read");
    this.tensor = tensor;
  }
}

/**
 * Lets a synchronous algorithm run on a device that is read asynchronously.
 *
 * The algorithm is run until it asks for a number that has not arrived. It is then broken off, what it wrote is undone, the number is
 * awaited, and it is run again from the start with all the numbers that it got so far. With k reads that is k + 1 runs.
 */
export class Replay {
  /** While an algorithm is run this way: the numbers that arrived, in the order of the questions. */
  private arrived: Float32Array[] | undefined;
  private asked = 0;
  /** The read that broke off this run: whoever asks again while the error passes gets the same. */
  private pending: Pending | undefined;
  /** Contents of cells before they were first written in this run. */
  private readonly before = new Map<Cell, tf.Tensor>();

  /** The contents of a tensor, at once outside of {@link run}. */
  fetch(tensor: tf.Tensor): Float32Array {
    if (this.arrived === undefined) return tensor.dataSync<"float32">();
    const answer = this.arrived[this.asked++];
    if (answer !== undefined && this.pending === undefined) return answer;
    this.pending ??= new Pending(tf.keep(tensor.clone()));
    throw this.pending;
  }

  /** Writes a cell that outlives the run, so that it can be undone. */
  write(cell: Cell, value: tf.Tensor): void {
    if (this.arrived !== undefined && cell.lasting && !this.before.has(cell))
      this.before.set(cell, tf.keep(cell.read()));
    cell.write(value);
  }

  /** Disposes of a cell, after which there is nothing to undo. */
  dispose(cell: Cell): void {
    this.before.get(cell)?.dispose();
    this.before.delete(cell);
    cell.dispose();
  }

  /** Runs `body`, which must do the same every time but for what it writes to cells. @throws {BusyError} during another run. */
  async run<R>(body: () => R): Promise<R> {
    if (this.arrived !== undefined) throw new BusyError("replayed");
    this.arrived = [];
    try {
      for (;;) {
        this.asked = 0;
        this.pending = undefined;
        try {
          return tf.tidy(() => body() as tf.TensorContainer) as R;
        } catch (error) {
          const { tensor } = pendingOf(error);
          this.undo();
          this.arrived.push(await tensor.data<"float32">());
          tensor.dispose();
        }
      }
    } finally {
      this.arrived = undefined;
      for (const value of this.before.values()) value.dispose();
      this.before.clear();
    }
  }

  private undo(): void {
    for (const [cell, value] of this.before) {
      tf.tidy(() => cell.write(value));
      value.dispose();
    }
    this.before.clear();
  }
}

/** The pending read behind an error, which core may have wrapped. @throws the error if there is none. */
function pendingOf(error: unknown): Pending {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof Pending) return cause;
  throw error;
}
