import {
  type CreateOptions,
  createOptimizer,
  type Group,
  type LinalgMatrix,
  type LinalgSource,
  linalgBackend,
  type Optimizer,
  type PendingStep,
} from "@sumo/core";
import { fillUniform } from "@sumo/linalg";
import type { Llama, Parameter, ParameterShape, WeightData } from "@sumo/llama";
import type { Method } from "../lora/lora.ts";

/** First stream of the random numbers that weights are rounded with, apart from those of weights, factors, batches and samples. */
const STREAM = 0x726f756e; // "roun"

/** Numbers of a block of an embedding or a head, at most, but for a row. */
const BLOCK_NUMBERS = 2 ** 20;

/** What the optimizer of a bfloat16 weight holds: the weight, or some of its rows. */
interface WeightBlock extends ParameterShape {
  /** First number, and number of them, in the weight. */
  readonly first: number;
  readonly length: number;
}

/**
 * The blocks of a bfloat16 matrix that an optimizer holds: a hidden matrix as it is, an embedding or a head, which AdamW trains number by number, in
 * blocks of rows, so that little memory serves to widen them.
 */
function blocksOf(weight: ParameterShape): readonly WeightBlock[] {
  const { name, shape, kind } = weight;
  const [rows, cols] = shape as readonly [number, number];
  if (kind === "hidden") return [{ ...weight, first: 0, length: rows * cols }];
  const most = Math.max(1, Math.floor(BLOCK_NUMBERS / cols));
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
    const count = Math.min(most, rows - i * most);
    return { name: `${name}#${i}`, shape: [count, cols], kind, first: i * most * cols, length: count * cols };
  });
}

const isMatrix = ({ shape }: Pick<ParameterShape, "shape">): boolean => shape.length === 2;

/** The parameters of the optimizer of bfloat16 weights: blocks of the matrices, and the vectors, which are float32. */
export function blockShapes(weights: readonly ParameterShape[]): readonly ParameterShape[] {
  return weights.flatMap((weight): readonly ParameterShape[] => (isMatrix(weight) ? blocksOf(weight) : [weight]));
}

/** Length of the largest block, which {@link RoundedWeights} widens into scratch. */
export function widenedLength(weights: readonly ParameterShape[]): number {
  return Math.max(1, ...weights.filter(isMatrix).flatMap((weight) => blocksOf(weight).map(({ length }) => length)));
}

/** How the weights are trained and rounded. */
interface RoundedOptions {
  readonly groups: Group | readonly Group[];
  readonly seed: number;
  /** The step that is being made, of which the random numbers depend. */
  readonly step: () => number;
}

/**
 * Trains bfloat16 weights by any optimizer of float32 ones. A step widens one weight into scratch, steps there, and rounds it back at random: most steps
 * of fine-tuning are smaller than half the gap between two numbers of bfloat16, and rounding to nearest would undo them all. The random numbers depend on
 * seed, weight and step alone.
 *
 * @see Gupta et al., Deep Learning with Limited Numerical Precision, arXiv 1502.02551 (2015), §3.
 */
export class RoundedWeights implements Method {
  readonly optimizer: Optimizer;
  private readonly model: Llama<WeightData>;
  private readonly options: RoundedOptions;
  private readonly scratch: Float32Array;
  /** The bfloat16 weights, with the streams of their random numbers. */
  private readonly matrices: ReadonlyMap<
    string,
    { readonly data: Uint16Array; readonly blocks: readonly WeightBlock[]; readonly stream: number }
  >;

  /** @param weights - those to train, of the model. @param accumulation - of gradients, over micro-batches and ranks. */
  constructor(
    weights: readonly Parameter<WeightData>[],
    options: RoundedOptions,
    model: Llama<WeightData>,
    accumulation: Pick<CreateOptions<LinalgMatrix, LinalgSource>, "microBatches" | "collective" | "shardState">,
  ) {
    this.model = model;
    this.options = options;
    const { engine } = model;
    this.scratch = engine.heap.float32(widenedLength(weights));
    let stream = STREAM;
    const matrices = weights.flatMap((weight) => {
      const { name, data } = weight;
      if (data instanceof Float32Array) return [];
      const blocks = blocksOf(weight);
      const entry = [name, { data, blocks, stream }] as const;
      stream += blocks.length;
      return [entry];
    });
    this.matrices = new Map(matrices);
    const parameters = weights.flatMap((weight) => {
      const { data } = weight;
      if (data instanceof Float32Array) return [{ ...weight, data }];
      return blocksOf(weight).map((block) => ({ ...block, data: this.scratch.subarray(0, block.length) }));
    });
    this.optimizer = createOptimizer(parameters, options.groups, { backend: linalgBackend(engine), ...accumulation });
  }

  /** Waits for the sums of a matrix over the ranks: all share the scratch. */
  stepParameterStart(name: string, gradient: Float32Array): PendingStep {
    const matrix = this.matrices.get(name);
    if (matrix === undefined) return this.optimizer.stepParameterStart(name, gradient);
    const { model, scratch, options } = this;
    const key = new Float64Array(2);
    for (const [i, block] of matrix.blocks.entries()) {
      const { first, length } = block;
      const stored = matrix.data.subarray(first, first + length);
      const numbers = scratch.subarray(0, length);
      model.widen(numbers, stored);
      this.optimizer.stepParameter(block.name, gradient.subarray(first, first + length));
      fillUniform(key, [options.seed, matrix.stream + i, options.step()]);
      model.roundAtRandom(stored, numbers, [Math.floor(key[0]! * 2 ** 32), Math.floor(key[1]! * 2 ** 32)]);
    }
    return { wait() {} };
  }

  savePieces(): Iterable<Uint8Array> {
    return this.optimizer.savePieces();
  }

  load(file: Parameters<Optimizer["load"]>[0]): void {
    this.optimizer.load(file);
  }

  dispose(): void {
    this.optimizer.dispose();
    this.model.engine.heap.release(this.scratch);
  }
}
