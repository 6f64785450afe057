import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

/**
 * `tf.unsortedSegmentSum` for tfjs's wasm backend, which has none: the gradient of embeddings and `tf.gather`. Rows whose id is not a segment
 * are omitted, as on the other backends.
 *
 * @throws {Error} for dtypes other than float32 with int32 ids, and for ids of more than one axis.
 */
export function unsortedSegmentSum({ inputs, backend, attrs }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = attrs as unknown as { readonly numSegments: number };
  if (x.dtype !== "float32" || segmentIds.dtype !== "int32") {
    throw new Error(
      `unsortedSegmentSum on wasm: expected float32 and int32 ids, got ${x.dtype} and ${segmentIds.dtype}`,
    );
  }
  if (segmentIds.shape.length !== 1) {
    throw new Error(`unsortedSegmentSum on wasm: expected one axis of ids, got [${segmentIds.shape}]`);
  }
  const memory = backend as BackendWasm;
  const count = segmentIds.shape[0]!;
  const rowShape = x.shape.slice(1);
  const size = tf.util.sizeFromShape(rowShape);
  const out = memory.makeOutput([numSegments, ...rowShape], "float32");
  // Views come last: an allocation may move the memory.
  const sums = memory.typedArrayFromHeap(out) as Float32Array;
  const rows = memory.typedArrayFromHeap(x) as Float32Array;
  const ids = memory.typedArrayFromHeap(segmentIds) as Int32Array;
  sums.fill(0);
  for (let i = 0; i < count; i++) {
    const segment = ids[i]!;
    if (segment < 0 || segment >= numSegments) continue;
    const from = i * size;
    const to = segment * size;
    for (let j = 0; j < size; j++) sums[to + j] = sums[to + j]! + rows[from + j]!;
  }
  return out;
}
