import {
  type AdamwUpdate,
  type Backend,
  type BackendSizes,
  deviceSizes,
  type Lines,
  type NewtonSchulzOptions,
  OwningScratch,
  type PolarInfo,
  type PolarOptions,
  type ProductOptions,
  type RangeFinderOptions,
  type RangeInfo,
  readBack,
  type Scratch,
} from "@sumo/core";
import { newtonSchulzSchedule } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs-core";
import { type Cell, GradientCell, OwnCell, VariableCell } from "./cell.ts";
import { isHostMemory, lineRatios, normOf, normParts, polynomialPolar, product } from "./device.ts";
import { Replay } from "./replay.ts";

/**
 * Computation of polar factors: `exact` on the host by `@sumo/linalg`, `device` approximately by eight Polar Express steps of float32 tensor
 * operations, `auto` exact if tensors are in host memory (cpu, wasm) and on the device otherwise (webgl, webgpu).
 */
export type PolarPlace = "auto" | "device" | "exact";

/** A backend of core with asynchronous reads. */
export interface TfjsBackend extends Backend<Cell, tf.Tensor> {
  /**
   * Runs `body`, e.g. one `stepParameter` of a core optimizer on this backend, with asynchronous reads. It runs once more for every read, and
   * its writes through this backend are undone in between, so it must be deterministic.
   */
  replayed<R>(body: () => R): Promise<R>;
  /** Reads the norms of all gradients asynchronously, in one batch, for the steps that follow; known ones are not read again. */
  measure(gradients: readonly tf.Tensor[]): Promise<void>;
  /** Frobenius norm of a gradient; not finite if an element is not. */
  normOf(gradient: tf.Tensor): number;
  /** A multiple of a gradient whose norm is known. */
  scaled(gradient: tf.Tensor, factor: number): tf.Tensor;
}

/**
 * TensorFlow.js as a backend of `@sumo/core`, on the current tfjs backend.
 *
 * Products, polynomial iterations and element-wise updates are tensor operations. Exact decompositions are read back and computed by
 * `@sumo/linalg`: the moment (r × n) at a step with an exact polar factor, the gradient at a refresh.
 */
export function tfjsBackend({ polar = "auto" }: { readonly polar?: PolarPlace } = {}): TfjsBackend {
  return new Backing(polar);
}

class Backing implements TfjsBackend {
  readonly sizes: BackendSizes = deviceSizes;
  private readonly replay = new Replay();
  private readonly host: Pick<Backend<Cell>, "polar" | "rangeFinder"> = readBack<Cell>({
    shape: ({ rows, cols }) => [rows, cols],
    read: (a) => this.read(a),
    write: (a, values) => this.write(a, values),
  });
  private readonly place: PolarPlace;
  /** Cache of gradients' norms by their data, which never changes: a variable that is assigned to gets other data. */
  private readonly norms: WeakMap<tf.DataId, number> = new WeakMap();

  constructor(place: PolarPlace) {
    this.place = place;
  }

  get name(): string {
    return `tfjs/${tf.getBackend()}`;
  }

  get readsStall(): boolean {
    return !isHostMemory();
  }

  allocate(rows: number, cols: number): Cell {
    return new OwnCell(rows, cols, true);
  }

  dispose(a: Cell): void {
    this.replay.dispose(a);
  }

  replayed<R>(body: () => R): Promise<R> {
    return this.replay.run(body);
  }

  async measure(gradients: readonly tf.Tensor[]): Promise<void> {
    const unknown = gradients.filter((gradient) => !this.norms.has(gradient.dataId));
    const parts = tf.tidy(() => unknown.map((gradient) => normParts(asMatrix(gradient).read())));
    try {
      const numbers = await Promise.all(parts.map((each) => each.data<"float32">()));
      for (const [i, gradient] of unknown.entries()) this.norms.set(gradient.dataId, normOf(numbers[i]!));
    } finally {
      tf.dispose(parts);
    }
  }

  normOf(gradient: tf.Tensor): number {
    return this.norm(asMatrix(gradient));
  }

  scaled(gradient: tf.Tensor, factor: number): tf.Tensor {
    const product = tf.mul(gradient, factor);
    this.norms.set(product.dataId, factor * this.normOf(gradient));
    return product;
  }

  weight(source: tf.Tensor, rows: number, cols: number): Cell | undefined {
    const fits = source instanceof tf.Variable && source.dtype === "float32" && source.size === rows * cols;
    return fits ? new VariableCell(source, rows, cols) : undefined;
  }

  gradient(source: tf.Tensor, rows: number, cols: number): Cell | undefined {
    const fits = source.dtype === "float32" && source.size === rows * cols;
    return fits ? new GradientCell(source, rows, cols) : undefined;
  }

  shapeOf(source: tf.Tensor): readonly number[] {
    return source.shape;
  }

  scratch(): Scratch<Cell> {
    return new OwningScratch<OwnCell, Cell>(
      (rows, cols) => new OwnCell(rows, cols, false),
      (cell) => cell.dispose(),
    );
  }

  read(a: Cell): Float32Array {
    let values: Float32Array | undefined;
    // Returned from `tidy`, the numbers would be searched for tensors one by one.
    tf.tidy(() => {
      values = this.replay.fetch(a.read()).slice();
    });
    return values!;
  }

  write(a: Cell, values: Float32Array): void {
    tf.tidy(() => this.replay.write(a, tf.tensor2d(Float32Array.from(values), [a.rows, a.cols])));
  }

  axpby(out: Cell, alpha: number, a: Cell, beta: number): void {
    tf.tidy(() => this.replay.write(out, combined(alpha, a.read(), beta, out)));
  }

  norm(a: Cell): number {
    const known = a instanceof GradientCell ? this.norms.get(a.tensor.dataId) : undefined;
    if (known !== undefined) return known;
    const norm = tf.tidy(() => normOf(this.replay.fetch(normParts(a.read()))));
    if (a instanceof GradientCell) this.norms.set(a.tensor.dataId, norm);
    return norm;
  }

  matmul(
    out: Cell,
    a: Cell,
    b: Cell,
    { transposeA = false, transposeB = false, alpha = 1, beta = 0 }: ProductOptions = {},
  ): void {
    tf.tidy(() =>
      this.replay.write(out, combined(alpha, product(a.read(), b.read(), transposeA, transposeB), beta, out)),
    );
  }

  scaleLines(out: Cell, a: Cell, numerator: Cell | undefined, denominator: Cell, lines: Lines): void {
    tf.tidy(() => {
      const ratios = lineRatios(numerator?.read(), denominator.read(), lines === "rows" ? 1 : 0);
      this.replay.write(out, tf.mul(a.read(), ratios));
    });
  }

  polar(out: Cell, a: Cell, scratch: Scratch<Cell>, { tolerance }: PolarOptions): PolarInfo {
    if (this.place === "device" || (this.place === "auto" && !isHostMemory())) {
      this.newtonSchulz(out, a, scratch, { coefficients: "polar-express" });
      return {};
    }
    return this.host.polar(out, a, scratch, { tolerance });
  }

  newtonSchulz(out: Cell, a: Cell, _: Scratch<Cell>, options: NewtonSchulzOptions): void {
    const { steps, triples, margin } = newtonSchulzSchedule(options);
    const sequence = Array.from({ length: steps }, (_, i) => triples[Math.min(i, triples.length - 1)]!);
    tf.tidy(() => this.replay.write(out, polynomialPolar(a.read(), sequence, margin)));
  }

  rangeFinder(out: Cell, a: Cell, scratch: Scratch<Cell>, options: RangeFinderOptions<Cell>): RangeInfo {
    return this.host.rangeFinder(out, a, scratch, options);
  }

  shrinkAgreeing(weight: Cell, direction: Cell, factor: number): void {
    tf.tidy(() => {
      const w = weight.read();
      const agree = tf.greater(tf.mul(direction.read(), w), 0);
      this.replay.write(weight, tf.where(agree, tf.mul(w, factor), w));
    });
  }

  adamw(weight: Cell, gradient: Cell, first: Cell, second: Cell, update: AdamwUpdate): void {
    const { lr, beta1, beta2, eps, decay, correction1, correction2 } = update;
    tf.tidy(() => {
      const g = gradient.read();
      const w = weight.read();
      const m = tf.add(tf.mul(first.read(), beta1), tf.mul(g, 1 - beta1));
      const v = tf.add(tf.mul(second.read(), beta2), tf.mul(tf.square(g), 1 - beta2));
      const divisor = tf.add(tf.mul(tf.sqrt(v), 1 / Math.sqrt(correction2)), eps);
      const direction = tf.div(tf.mul(m, 1 / correction1), divisor);
      this.replay.write(weight, tf.sub(decay === 0 ? w : tf.mul(w, 1 - lr * decay), tf.mul(direction, lr)));
      this.replay.write(first, m);
      this.replay.write(second, v);
    });
  }
}

/** Inputs × outputs. */
function asMatrix(gradient: tf.Tensor): GradientCell {
  const outputs = gradient.shape.at(-1) ?? 1;
  return new GradientCell(gradient, gradient.size / outputs, outputs);
}

/** alpha x + beta out; `out` is read only if beta is not zero. */
function combined(alpha: number, x: tf.Tensor2D, beta: number, out: Cell): tf.Tensor2D {
  const scaled: tf.Tensor2D = alpha === 1 ? x : tf.mul(x, alpha);
  if (beta === 0) return scaled;
  const old = out.read();
  return tf.add(scaled, beta === 1 ? old : tf.mul(old, beta));
}
