import { ShapeError } from "../errors.ts";
import { checkSameDtype } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { checkMatrices } from "../matrix/stack.ts";
import { matmul } from "./matmul.ts";

/**
 * Product of several matrices in the order of least cost. NaN and infinities go through by IEEE rules.
 *
 * @param matrices - at least two, of one dtype, each as high as the one before is wide.
 * @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError}
 * Accuracy: that of {@link matmul}, product by product. Cost: the fewest flops that any order of products takes, and k³ steps
 * to find it for k matrices.
 *
 * @see Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms (2009), §15.2.
 *
 * @example
 * multiDot([fromRows([[1, 2]]), fromRows([[3], [4]]), fromRows([[5, 6]])]); // [[55, 66]]
 */
export function multiDot<D extends Real>(matrices: readonly MatrixLike<D>[]): Matrix<D> {
  checkMatrices("multiDot", matrices);
  if (matrices.length < 2) throw new ShapeError("multiDot", "expected at least two matrices, got one");
  matrices.forEach((a, i) => {
    checkSameDtype("multiDot", a.data, matrices[0]!.data);
    const before = matrices[i - 1];
    if (before !== undefined && before.shape[1] !== a.shape[0]) {
      const shapes = [before, a].map(({ shape }) => `[${shape[0]}, ${shape[1]}]`).join(" times ");
      throw new ShapeError("multiDot", `expected equal inner sizes, got ${shapes} at ${i - 1} and ${i}`);
    }
  });
  const splits = bestSplits([matrices[0]!.shape[0]!, ...matrices.map(({ shape }) => shape[1]!)]);
  const product = (first: number, last: number): MatrixLike<D> => {
    if (first === last) return matrices[first]!;
    const split = splits[first]![last]!;
    return matmul(product(first, split), product(split + 1, last));
  };
  return product(0, matrices.length - 1) as Matrix<D>;
}

/** The last factor of the left part, of each product of the factors i to j, with factor i sizes[i] × sizes[i + 1]. */
function bestSplits(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1;
  const table = () => Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const [costs, splits] = [table(), table()];
  for (let span = 1; span < count; span++) {
    for (let i = 0; i + span < count; i++) {
      const j = i + span;
      costs[i]![j] = Infinity;
      for (let split = i; split < j; split++) {
        const last = sizes[i]! * sizes[split + 1]! * sizes[j + 1]!;
        const cost = costs[i]![split]! + costs[split + 1]![j]! + last;
        if (cost < costs[i]![j]!) [costs[i]![j], splits[i]![j]] = [cost, split];
      }
    }
  }
  return splits;
}
