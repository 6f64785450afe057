import * as tf from "@tensorflow/tfjs-core";
import { BusyError } from "../errors.ts";
import type { Cell } from "./cell.ts";

/** Thrown to request an asynchronous read. */
class Pending extends Error {
  readonly tensor: tf.Tensor;

  constructor(tensor: tf.Tensor) {
    super("a tensor is being read");
    this.tensor = tensor;
  }
}

/**
 * Runs a synchronous algorithm on a device with asynchronous reads.
 *
 * A read throws unless its numbers are present. Its writes are then undone, the numbers awaited, and the algorithm runs again from the start
 * with all numbers so far: k + 1 runs for k reads.
 */
export class Replay {
  /** During a run: results of reads so far, in their order. */
  private arrived: Float32Array[] | undefined;
  private asked = 0;
  /** The read that ended this run. Reads while its error propagates throw it again. */
  private pending: Pending | undefined;
  /** Contents of cells before their first write in this run. */
  private readonly before = new Map<Cell, tf.Tensor>();

  /** Contents of a tensor; outside of {@link run} by a synchronous read. */
  fetch(tensor: tf.Tensor): Float32Array {
    if (this.arrived === undefined) return tensor.dataSync<"float32">();
    const answer = this.arrived[this.asked++];
    if (answer !== undefined && this.pending === undefined) return answer;
    this.pending ??= new Pending(tf.keep(tensor.clone()));
    throw this.pending;
  }

  /** Writes a cell, and keeps its former contents during a run. */
  write(cell: Cell, value: tf.Tensor): void {
    if (this.arrived !== undefined && cell.lasting && !this.before.has(cell))
      this.before.set(cell, tf.keep(cell.read()));
    cell.write(value);
  }

  /** Disposes of a cell and its former contents. */
  dispose(cell: Cell): void {
    this.before.get(cell)?.dispose();
    this.before.delete(cell);
    cell.dispose();
  }

  /** Runs `body`, which must be deterministic and write nothing but cells. @throws {BusyError} during another run. */
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
      // A body may end without the number that it asked for.
      this.pending?.tensor.dispose();
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

/** The requested read among an error's causes. @throws the error if there is none. */
function pendingOf(error: unknown): Pending {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof Pending) return cause;
  throw error;
}
