import type { Workspace } from "../memory/workspace.ts";

/** x ← Z x Zᵀ for packed n × n matrices. `product` is scratch. */
export function fromSchur(
  n: number,
  x: Float64Array,
  z: Float64Array,
  product: Float64Array,
  { engine }: Workspace,
): void {
  engine.gemm(false, true, n, n, n, 1, x, 0, n, z, 0, n, 0, product, 0, n);
  engine.gemm(false, false, n, n, n, 1, z, 0, n, product, 0, n, 0, x, 0, n);
}
