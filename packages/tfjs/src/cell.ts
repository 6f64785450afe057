import * as tf from "@tensorflow/tfjs";

/**
 * A matrix whose contents change: a place that holds one tensor after another.
 *
 * Tensors are immutable, so writing means to put a new one in the old one's place. What a cell holds survives `tf.tidy`.
 */
export interface Cell {
  readonly rows: number;
  readonly cols: number;
  /** Whether it outlives a step. */
  readonly lasting: boolean;
  /** The contents, a tensor of `[rows, cols]` that belongs to the caller's `tf.tidy`. */
  read(): tf.Tensor2D;
  /** Takes `value`, of the same number of elements, in place of the contents. */
  write(value: tf.Tensor): void;
  dispose(): void;
}

/** A cell of its own. Zeros until it is written. */
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

/** The user's variable of any shape, seen as a matrix. */
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

  /** The variable is the user's. */
  dispose(): void {}
}

/** The user's gradient, seen as a matrix. */
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

  /** The gradient is the user's. */
  dispose(): void {}
}
