import { currentEngine } from "@sumo/linalg";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * `tf.matMul` for tfjs's wasm backend. tfjs's kernel has a scalar loop for transposed and batched operands; this one does not.
 * Products go through the engine of `@sumo/linalg`; operands are copied into its memory and the result back.
 *
 * @throws {Error} for dtypes other than float32, as tfjs's own kernel does, and for batches that do not broadcast.
 */
export function batchMatMul({ inputs, backend, attrs }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const { transposeA, transposeB } = attrs as unknown as MatMulAttributes;
  if (a.dtype !== "float32" || b.dtype !== "float32") {
    throw new Error(`matMul on wasm: expected float32, got ${a.dtype} and ${b.dtype}`);
  }
  const [m, k] = sidesOf(a, transposeA);
  const [inner, n] = sidesOf(b, transposeB);
  if (k !== inner) throw new Error(`matMul: inner sizes of [${a.shape}] and [${b.shape}] are ${k} and ${inner}`);
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);

  const memory = backend as BackendWasm;
  const out = memory.makeOutput([...batch, m, n], "float32");
  // Views come last: an allocation may move the memory.
  const [x, y, z] = [a, b, out].map((info) => memory.typedArrayFromHeap(info) as Float32Array);
  const [indexA, indexB] = [indexInto(batchA, batch), indexInto(batchB, batch)];
  const engine = currentEngine();
  const count = tf.util.sizeFromShape(batch);
  const [lda, ldb] = [transposeA ? m : k, transposeB ? k : n];
  for (let i = 0; i < count; i++) {
    const [atA, atB] = [indexA(i) * m * k, indexB(i) * k * n];
    engine.gemm(transposeA, transposeB, m, n, k, 1, x!, atA, lda, y!, atB, ldb, 0, z!, i * m * n, n);
  }
  return out;
}

/** Rows and columns of op(x). */
function sidesOf({ shape }: tf.TensorInfo, transposed: boolean): readonly [number, number] {
  const [rows, cols] = shape.slice(-2) as [number, number];
  return transposed ? [cols, rows] : [rows, cols];
}

/** Index of the matrix of an operand with batch `own` that belongs to matrix `i` of the result. */
function indexInto(own: readonly number[], batch: readonly number[]): (i: number) => number {
  const size = tf.util.sizeFromShape([...own]);
  if (size === 1) return () => 0;
  if (size === tf.util.sizeFromShape([...batch])) return (i) => i;
  const lengths = [...batch].reverse();
  const ownLengths = [...own].reverse();
  return (i) => {
    let [rest, index, stride] = [i, 0, 1];
    for (let axis = 0; axis < ownLengths.length; axis++) {
      const at = rest % lengths[axis]!;
      rest = (rest - at) / lengths[axis]!;
      if (ownLengths[axis] !== 1) index += at * stride;
      stride *= ownLengths[axis]!;
    }
    return index;
  };
}
