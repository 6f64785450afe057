import type { KernelSource } from "../device/device.ts";
import * as elementwise from "./elementwise.ts";
import * as lines from "./lines.ts";
import * as matmul from "./matmul.ts";
import * as move from "./move.ts";
import * as reduce from "./reduce.ts";

/** Every kernel of this package. */
export const ALL_KERNELS: readonly KernelSource[] = [elementwise, lines, matmul, move, reduce].flatMap((module) =>
  Object.values(module).filter((value): value is KernelSource => typeof value !== "function"),
);
