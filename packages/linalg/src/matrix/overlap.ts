import { isRowMajor } from "./layout.ts";
import type { MatrixLike } from "./matrix.ts";

/**
 * Whether writing to `out` may change `a`: their elements share memory, or lie in one stretch of it and are not told apart.
 * Blocks of one row-major matrix are told apart.
 */
export function mayOverlap(out: MatrixLike, a: MatrixLike): boolean {
  if (out.data.buffer !== a.data.buffer || isEmpty(out) || isEmpty(a)) return false;
  const [outFirst, outEnd] = byteRange(out);
  const [first, end] = byteRange(a);
  if (outEnd <= first || end <= outFirst) return false;
  const ld = out.stride[0]! * out.data.BYTES_PER_ELEMENT;
  const severalRows = out.shape[0]! > 1 && a.shape[0]! > 1;
  const oneLayout = severalRows && isRowMajor(out) && isRowMajor(a) && ld === a.stride[0]! * a.data.BYTES_PER_ELEMENT;
  if (!oneLayout) return true;
  const shift = (((first - outFirst) % ld) + ld) % ld;
  const outWidth = out.shape[1]! * out.data.BYTES_PER_ELEMENT;
  return shift < outWidth || shift + a.shape[1]! * a.data.BYTES_PER_ELEMENT > ld;
}

const isEmpty = (a: MatrixLike): boolean => a.shape[0] === 0 || a.shape[1] === 0;

/** Byte range in the buffer: the first byte, and the one after the last. */
function byteRange({ data, shape, stride, offset }: MatrixLike): [first: number, end: number] {
  const down = (shape[0]! - 1) * stride[0]!;
  const across = (shape[1]! - 1) * stride[1]!;
  const first = offset + Math.min(0, down) + Math.min(0, across);
  const last = offset + Math.max(0, down) + Math.max(0, across);
  return [data.byteOffset + first * data.BYTES_PER_ELEMENT, data.byteOffset + (last + 1) * data.BYTES_PER_ELEMENT];
}
