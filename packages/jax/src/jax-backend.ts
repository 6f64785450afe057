import { defaultDevice, numpy as np } from "@jax-js/jax";
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
import { frobenius, isHostMemory, lineRatios, polynomialPolar, product } from "./device.ts";
import { Place } from "./place.ts";

/** A place as a matrix. */
export interface JaxMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly place: Place;
}

/** Storage of weights, or a gradient, which is only read. */
export type JaxSource = Place | np.Array;

/**
 * jax-js as a backend of `@sumo/core`, on its default device.
 *
 * Products, polynomial iterations and element-wise updates are array operations. Exact decompositions are read back and computed by
 * `@sumo/linalg`: the moment (r × n) at a step with an exact polar factor, the gradient at a refresh.
 */
export function jaxBackend(): Backend<JaxMatrix, JaxSource> {
  return new JaxBackend();
}

class JaxBackend implements Backend<JaxMatrix, JaxSource> {
  readonly sizes: BackendSizes = deviceSizes;
  private readonly host: Pick<Backend<JaxMatrix>, "polar" | "rangeFinder"> = readBack<JaxMatrix>({
    shape: ({ rows, cols }) => [rows, cols],
    read: (a) => this.read(a),
    write: (a, values) => this.write(a, values),
  });

  get name(): string {
    return `jax-js/${defaultDevice()}`;
  }

  get readsStall(): boolean {
    return !isHostMemory();
  }

  allocate(rows: number, cols: number): JaxMatrix {
    return { rows, cols, place: new Place(np.zeros([rows, cols])) };
  }

  dispose({ place }: JaxMatrix): void {
    place.dispose();
  }

  weight(source: JaxSource, rows: number, cols: number): JaxMatrix | undefined {
    if (!(source instanceof Place) || sizeOf(source.shape) !== rows * cols) return undefined;
    return { rows, cols, place: source };
  }

  gradient(source: JaxSource, rows: number, cols: number): JaxMatrix | undefined {
    if (sizeOf(source.shape) !== rows * cols) return undefined;
    // The place holds what is the caller's; it is only read, and never disposed of.
    return { rows, cols, place: source instanceof Place ? source : new Place(source) };
  }

  shapeOf(source: JaxSource): readonly number[] {
    return source.shape;
  }

  scratch(): Scratch<JaxMatrix> {
    return new OwningScratch(
      (rows, cols) => this.allocate(rows, cols),
      (a) => this.dispose(a),
    );
  }

  read(a: JaxMatrix): Float32Array {
    return contents(a).dataSync() as Float32Array;
  }

  write(a: JaxMatrix, values: Float32Array): void {
    put(a, np.array(Float32Array.from(values), { shape: [a.rows, a.cols] }));
  }

  axpby(out: JaxMatrix, alpha: number, a: JaxMatrix, beta: number): void {
    put(out, combined(alpha, contents(a), beta, out));
  }

  norm(a: JaxMatrix): number {
    return frobenius(contents(a));
  }

  matmul(
    out: JaxMatrix,
    a: JaxMatrix,
    b: JaxMatrix,
    { transposeA = false, transposeB = false, alpha = 1, beta = 0 }: ProductOptions = {},
  ): void {
    put(out, combined(alpha, product(contents(a), contents(b), transposeA, transposeB), beta, out));
  }

  scaleLines(
    out: JaxMatrix,
    a: JaxMatrix,
    numerator: JaxMatrix | undefined,
    denominator: JaxMatrix,
    lines: Lines,
  ): void {
    const ratios = lineRatios(numerator && contents(numerator), contents(denominator), lines === "rows" ? 1 : 0);
    put(out, contents(a).mul(ratios));
  }

  polar(out: JaxMatrix, a: JaxMatrix, scratch: Scratch<JaxMatrix>, options: PolarOptions): PolarInfo {
    return this.host.polar(out, a, scratch, options);
  }

  newtonSchulz(out: JaxMatrix, a: JaxMatrix, _: Scratch<JaxMatrix>, options: NewtonSchulzOptions): void {
    const { steps, triples, margin } = newtonSchulzSchedule(options);
    const sequence = Array.from({ length: steps }, (_, i) => triples[Math.min(i, triples.length - 1)]!);
    put(out, polynomialPolar(contents(a), sequence, margin));
  }

  rangeFinder(
    out: JaxMatrix,
    a: JaxMatrix,
    scratch: Scratch<JaxMatrix>,
    options: RangeFinderOptions<JaxMatrix>,
  ): RangeInfo {
    return this.host.rangeFinder(out, a, scratch, options);
  }

  shrinkAgreeing(weight: JaxMatrix, direction: JaxMatrix, factor: number): void {
    const agree = contents(direction).mul(contents(weight)).greater(0);
    put(weight, np.where(agree, contents(weight).mul(factor), contents(weight)));
  }

  adamw(weight: JaxMatrix, gradient: JaxMatrix, first: JaxMatrix, second: JaxMatrix, update: AdamwUpdate): void {
    const { lr, beta1, beta2, eps, decay, correction1, correction2 } = update;
    put(
      first,
      contents(first)
        .mul(beta1)
        .add(contents(gradient).mul(1 - beta1)),
    );
    put(
      second,
      contents(second)
        .mul(beta2)
        .add(np.square(contents(gradient)).mul(1 - beta2)),
    );
    const divisor = np
      .sqrt(contents(second))
      .mul(1 / Math.sqrt(correction2))
      .add(eps);
    const direction = contents(first)
      .mul(1 / correction1)
      .div(divisor);
    put(
      weight,
      contents(weight)
        .mul(1 - lr * decay)
        .sub(direction.mul(lr)),
    );
  }
}

/** New reference to the contents as a matrix, consumed by its user. */
const contents = ({ rows, cols, place }: JaxMatrix): np.Array => place.read().reshape([rows, cols]);
const put = ({ place }: JaxMatrix, value: np.Array): void => place.write(value.reshape(place.shape));
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** alpha x + beta out; `out` is read only if beta is not zero. */
function combined(alpha: number, x: np.Array, beta: number, out: JaxMatrix): np.Array {
  const scaled = alpha === 1 ? x : x.mul(alpha);
  return beta === 0 ? scaled : scaled.add(contents(out).mul(beta));
}
