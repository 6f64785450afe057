import type { KernelSource } from "../device/device.ts";
import { loop } from "./loop.ts";

const FOUR = [0, 1, 2, 3];

/**
 * Partial sums of a row: element [y][x] covers \`span\` groups of four columns (\`span\` columns in scalar kernels), the x-th such range.
 * The caller sums them in float64, for less rounding than in float32.
 */
export const rowSumsKernel: KernelSource = {
  name: "rowSums",
  matrices: ["a"],
  numbers: ["groups", "span", "parts"],
  scalar: `function (a, groups, span, parts) {
    let sum = 0.0;
    ${loop("i", "span", "const at = this.thread.x * span + i; if (at < groups) { sum += a[this.thread.y][at]; }")}
    return sum;
  }`,
  packed: packedRows(`s += v[0] + v[1] + v[2] + v[3];`, "", "s"),
};

/** Partial norms in the layout of {@link rowSumsKernel}, scaled by the largest element so that squares neither overflow nor underflow. */
export const rowNormsKernel: KernelSource = {
  name: "rowNorms",
  matrices: ["a"],
  numbers: ["groups", "span", "parts"],
  scalar: `function (a, groups, span, parts) {
    const first = this.thread.x * span;
    let most = 0.0;
    ${loop("i", "span", "const at = first + i; if (at < groups) { most = Math.max(most, Math.abs(a[this.thread.y][at])); }")}
    if (most === 0.0) { most = 1.0; }
    let sum = 0.0;
    ${loop("j", "span", "const to = first + j; if (to < groups) { const q = a[this.thread.y][to] / most; sum += q * q; }")}
    return most * Math.sqrt(sum);
  }`,
  packed: packedRows(
    "const p = v[0] / most; const q = v[1] / most; const r = v[2] / most; const t = v[3] / most; s += p * p + q * q + r * r + t * t;",
    "most = Math.max(Math.max(most, Math.max(Math.abs(v[0]), Math.abs(v[1]))), Math.max(Math.abs(v[2]), Math.abs(v[3])));",
    "most * Math.sqrt(s)",
  ),
};

/** Body of a packed kernel that computes four partial results a thread, one after another. */
function packedRows(add: string, scan: string, result: string): string {
  const over = (index: string, j: number, body: string): string =>
    loop(`${index}${j}`, "span", `const at = first + ${index}${j}; if (at < groups) { const v = a[y][at]; ${body} }`);
  const part = (j: number): string => `
    let r${j} = 0.0;
    if (4 * x + ${j} < parts) {
      const first = (4 * x + ${j}) * span;
      let s = 0.0;
      ${scan === "" ? "" : `let most = 0.0; ${over("i", j, scan)} if (most === 0.0) { most = 1.0; }`}
      ${over("k", j, add)}
      r${j} = ${result};
    }`;
  return `function (a, groups, span, parts) {
    const x = this.thread.x;
    const y = this.thread.y;
    ${FOUR.map(part).join("")}
    return [r0, r1, r2, r3];
  }`;
}

/** 1 × n: the sum of every column. */
export const columnSumsKernel: KernelSource = {
  name: "columnSums",
  matrices: ["a"],
  numbers: ["rows"],
  scalar: `function (a, rows) {
    let sum = 0.0;
    ${loop("i", "rows", "sum += a[i][this.thread.x];")}
    return sum;
  }`,
  packed: `function (a, rows) {
    ${FOUR.map((j) => `let s${j} = 0.0;`).join(" ")}
    ${loop("i", "rows", `const v = a[i][this.thread.x]; ${FOUR.map((j) => `s${j} += v[${j}];`).join(" ")}`)}
    return [s0, s1, s2, s3];
  }`,
};

/** 1 × n: the norm of every column, scaled as {@link rowNormsKernel} does. */
export const columnNormsKernel: KernelSource = {
  name: "columnNorms",
  matrices: ["a"],
  numbers: ["rows"],
  scalar: `function (a, rows) {
    let most = 0.0;
    ${loop("i", "rows", "most = Math.max(most, Math.abs(a[i][this.thread.x]));")}
    if (most === 0.0) { most = 1.0; }
    let sum = 0.0;
    ${loop("j", "rows", "const value = a[j][this.thread.x] / most; sum += value * value;")}
    return most * Math.sqrt(sum);
  }`,
  packed: `function (a, rows) {
    ${FOUR.map((j) => `let m${j} = 0.0; let s${j} = 0.0;`).join(" ")}
    ${loop("i", "rows", `const v = a[i][this.thread.x]; ${FOUR.map((j) => `m${j} = Math.max(m${j}, Math.abs(v[${j}]));`).join(" ")}`)}
    ${FOUR.map((j) => `if (m${j} === 0.0) { m${j} = 1.0; }`).join(" ")}
    ${loop("k", "rows", `const w = a[k][this.thread.x]; ${FOUR.map((j) => `const q${j} = w[${j}] / m${j}; s${j} += q${j} * q${j};`).join(" ")}`)}
    return [${FOUR.map((j) => `m${j} * Math.sqrt(s${j})`).join(", ")}];
  }`,
};
