import type { KernelSource } from "../device/device.ts";

/**
 * Creates an element-wise kernel. The expression has to be zero where all its matrices are, since the padding of a packed row
 * must stay zero.
 */
export function elementwise(
  name: string,
  matrices: readonly string[],
  numbers: readonly string[],
  expression: string,
): KernelSource {
  const parameters = [...matrices.map((matrix) => `m_${matrix}`), ...numbers].join(", ");
  const load = matrices.map((matrix) => `const ${matrix} = m_${matrix}[this.thread.y][this.thread.x];`).join(" ");
  const component = (j: number): string =>
    matrices.reduce(
      (text, matrix) => text.replaceAll(new RegExp(`\\b${matrix}\\b`, "g"), `${matrix}[${j}]`),
      expression,
    );
  return {
    name,
    matrices,
    numbers,
    scalar: `function (${parameters}) { ${load} return ${expression}; }`,
    packed: `function (${parameters}) { ${load} return [${[0, 1, 2, 3].map(component).join(", ")}]; }`,
  };
}

export const scaleKernel: KernelSource = elementwise("scale", ["a"], ["alpha"], "alpha * a");
export const axpbyKernel: KernelSource = elementwise("axpby", ["a", "b"], ["alpha", "beta"], "alpha * a + beta * b");
export const multiplyKernel: KernelSource = elementwise("multiply", ["a", "b"], [], "a * b");
export const tanhKernel: KernelSource = elementwise("tanh", ["a"], [], "Math.tanh(a)");
/** Backward pass of y = tanh x: g ← g (1 − y²). */
export const tanhBackwardKernel: KernelSource = elementwise("tanhBackward", ["g", "y"], [], "g * (1.0 - y * y)");
export const reluKernel: KernelSource = elementwise("relu", ["a"], [], "Math.max(a, 0.0)");
export const reluBackwardKernel: KernelSource = elementwise("reluBackward", ["g", "y"], [], "(y > 0.0 ? g : 0.0)");
export const shrinkKernel: KernelSource = elementwise(
  "shrinkAgreeing",
  ["w", "d"],
  ["factor"],
  "((d > 0.0 && w > 0.0) || (d < 0.0 && w < 0.0) ? factor * w : w)",
);
export const squareMeanKernel: KernelSource = elementwise(
  "adamwSecond",
  ["v", "g"],
  ["beta", "rest"],
  "beta * v + rest * g * g",
);
export const adamwKernel: KernelSource = elementwise(
  "adamwWeight",
  ["w", "m", "v"],
  ["keep", "rate", "spread", "eps"],
  "keep * w - rate * m / (Math.sqrt(v * spread) + eps)",
);
/** a / b, or zero where b is zero. */
export const ratioKernel: KernelSource = elementwise("ratio", ["a", "b"], [], "(b > 0.0 ? a / b : 0.0)");
export const reciprocalKernel: KernelSource = elementwise("reciprocal", ["a"], [], "(a > 0.0 ? 1.0 / a : 0.0)");
