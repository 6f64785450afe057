import type { KernelSource } from "../device/device.ts";

const FOUR = [0, 1, 2, 3];

/** out ← column j of \`a\` times factor j, a 1 × n row. */
export const scaleColumnsKernel: KernelSource = {
  name: "scaleColumns",
  matrices: ["a", "factors"],
  numbers: [],
  scalar: "function (a, factors) { return a[this.thread.y][this.thread.x] * factors[0][this.thread.x]; }",
  packed: `function (a, factors) {
    const v = a[this.thread.y][this.thread.x];
    const f = factors[0][this.thread.x];
    return [${FOUR.map((j) => `v[${j}] * f[${j}]`).join(", ")}];
  }`,
};

/** out ← row i of \`a\` times factor i, an m × 1 column. */
export const scaleRowsKernel: KernelSource = {
  name: "scaleRows",
  matrices: ["a", "factors"],
  numbers: [],
  scalar: "function (a, factors) { return a[this.thread.y][this.thread.x] * factors[this.thread.y][0]; }",
  packed: `function (a, factors) {
    const v = a[this.thread.y][this.thread.x];
    const f = factors[this.thread.y][0];
    return [${FOUR.map((j) => `v[${j}] * f[0]`).join(", ")}];
  }`,
};

/** out ← a + row, a 1 × n row added to every row. */
export const addRowKernel: KernelSource = {
  name: "addRow",
  matrices: ["a", "row"],
  numbers: [],
  scalar: "function (a, row) { return a[this.thread.y][this.thread.x] + row[0][this.thread.x]; }",
  packed: `function (a, row) {
    const v = a[this.thread.y][this.thread.x];
    const r = row[0][this.thread.x];
    return [${FOUR.map((j) => `v[${j}] + r[${j}]`).join(", ")}];
  }`,
};

/** out ← a / (margin · size), \`size\` 1 × 1; zero where \`size\` is zero. */
export const normalizeKernel: KernelSource = {
  name: "normalize",
  matrices: ["a", "size"],
  numbers: ["margin"],
  scalar: `function (a, size, margin) {
    const whole = size[0][0];
    if (whole === 0.0) { return 0.0; }
    return a[this.thread.y][this.thread.x] / whole / margin;
  }`,
  packed: `function (a, size, margin) {
    const v = a[this.thread.y][this.thread.x];
    const s = size[0][0];
    let whole = s[0];
    if (whole === 0.0) { whole = 1.0; }
    return [${FOUR.map((j) => `v[${j}] / whole / margin`).join(", ")}];
  }`,
};
