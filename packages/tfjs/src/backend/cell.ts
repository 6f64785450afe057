import * as tf from "@tensorflow/tfjs-core";

/**
 * Mutable matrix over immutable tensors: a write replaces the tensor that it holds, which survives `tf.tidy`.
 */
export interface Cell {
  readonly rows: number;
  readonly cols: number;
  /** State, weight or gradient, as opposed to scratch of one step. */
  readonly lasting: boolean;
  /** Contents as a tensor of `[rows, cols]`, owned by the caller's `tf.tidy`. */
  read(): tf.Tensor2D;
  /** Replaces the contents by `value`, which has the same number of elements. */
  write(value: tf.Tensor): void;
  dispose(): void;
}

/** Cell that owns its tensor. Zeros until the first write. */
export class OwnCell implements Cell {
  readonly rows: number;
  readonly cols: number;
  readonly lasting: boolean;
  private held: tf.Tensor2D | undefined;

  constructor(rows: number, cols: number, lasting: boolean) {
    this.rows = rows;
    this.cols = cols;
    this.lasting = lasting;
  }

  read(): tf.Tensor2D {
    // On wasm a clone is a copy; a reshape never is.
    return this.held === undefined ? tf.zeros([this.rows, this.cols]) : tf.reshape(this.held, [this.rows, this.cols]);
  }

  write(value: tf.Tensor): void {
    const next = tf.keep(tf.reshape(value, [this.rows, this.cols]) as tf.Tensor2D);
    this.held?.dispose();
    this.held = next;
  }

  dispose(): void {
    this.held?.dispose();
    this.held = undefined;
  }
}

/** The user's variable of any shape, as a matrix. */
export class VariableCell implements Cell {
  readonly rows: number;
  readonly cols: number;
  readonly lasting = true;
  private readonly variable: tf.Variable;

  constructor(variable: tf.Variable, rows: number, cols: number) {
    this.variable = variable;
    this.rows = rows;
    this.cols = cols;
  }

  read(): tf.Tensor2D {
    return tf.reshape(this.variable, [this.rows, this.cols]);
  }

  write(value: tf.Tensor): void {
    const { shape } = this.variable;
    const shaped = tf.reshape(value, shape);
    // The wasm backend goes by the shape in which data was made, not by the tensor's: it refuses a bias that was made as a row.
    this.variable.assign(value.rank === shape.length ? shaped : tf.mul(shaped, 1));
  }

  /** Nothing to release: the variable belongs to the user. */
  dispose(): void {}
}

/** The user's gradient of any shape, as a read-only matrix. */
export class GradientCell implements Cell {
  readonly rows: number;
  readonly cols: number;
  readonly lasting = true;
  readonly tensor: tf.Tensor;

  constructor(tensor: tf.Tensor, rows: number, cols: number) {
    this.tensor = tensor;
    this.rows = rows;
    this.cols = cols;
  }

  read(): tf.Tensor2D {
    return tf.reshape(this.tensor, [this.rows, this.cols]);
  }

  write(): void {
    throw new TypeError("a gradient is only read");
  }

  /** Nothing to release: the gradient belongs to the user. */
  dispose(): void {}
}
