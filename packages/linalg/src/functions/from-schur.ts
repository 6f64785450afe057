import type { Workspace } from "../memory/workspace.ts";

/** x ← Z x Zᵀ for packed n × n matrices, the rows of `zt` those of Zᵀ. `product` is scratch. */
export function fromSchur(
  n: number,
  x: Float64Array,
  zt: Float64Array,
  product: Float64Array,
  { engine }: Workspace,
): void {
  engine.gemm(false, false, n, n, n, 1, x, 0, n, zt, 0, n, 0, product, 0, n);
  engine.gemm(true, false, n, n, n, 1, zt, 0, n, product, 0, n, 0, x, 0, n);
}
