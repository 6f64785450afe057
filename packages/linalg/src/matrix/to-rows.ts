import { checkMatrix, type MatrixLike } from "./matrix.ts";
import { StridedView } from "./strided-view.ts";

/**
 * The elements of any matrix, an `ndarray` among them, as nested arrays, which `fromRows` reads back.
 *
 * @throws {ShapeError} @throws {DtypeError}
 *
 * @example
 * toRows(fromRows([[1, 2], [3, 4]]).T); // [[1, 3], [2, 4]]
 */
export function toRows(a: MatrixLike): number[][] {
  checkMatrix("toRows", a);
  return new StridedView(a.data, [a.shape[0]!, a.shape[1]!], [a.stride[0]!, a.stride[1]!], a.offset).toRows();
}
