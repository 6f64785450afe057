import type { KernelSource } from "../device/device.ts";
import * as move from "./copy-kernels.ts";
import * as elementwise from "./elementwise-kernels.ts";
import * as lines from "./line-kernels.ts";
import * as matmul from "./product-kernels.ts";
import * as reduce from "./reduction-kernels.ts";

/** All kernels of this package, for compilation in advance. */
export const ALL_KERNELS: readonly KernelSource[] = [elementwise, lines, matmul, move, reduce].flatMap((module) =>
  Object.values(module).filter((value): value is KernelSource => typeof value !== "function"),
);
