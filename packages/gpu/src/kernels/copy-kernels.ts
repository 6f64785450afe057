import type { KernelSource } from "../device/device.ts";

const FOUR = [0, 1, 2, 3];

/** Selects one of four numbers: shaders may not index a vector with a variable. */
const pick = (choices: readonly string[], index: string): string =>
  `(${index} < 0.5 ? ${choices[0]} : (${index} < 1.5 ? ${choices[1]} : (${index} < 2.5 ? ${choices[2]} : ${choices[3]})))`;

export const transposeKernel: KernelSource = {
  name: "transpose",
  matrices: ["a"],
  numbers: ["rows"],
  scalar: "function (a, rows) { return a[this.thread.x][this.thread.y]; }",
  packed: `function (a, rows) {
    const x = this.thread.x;
    const group = Math.floor(this.thread.y / 4);
    const part = this.thread.y - 4 * group;
    ${FOUR.map((j) => `const v${j} = a[4 * x + ${j}][group];`).join(" ")}
    ${FOUR.map(
      (j) =>
        `let r${j} = ${pick(
          [0, 1, 2, 3].map((c) => `v${j}[${c}]`),
          "part",
        )};`,
    ).join("\n    ")}
    ${FOUR.slice(1)
      .map((j) => `if (4 * x + ${j} >= rows) { r${j} = 0.0; }`)
      .join(" ")}
    return [r0, r1, r2, r3];
  }`,
};

/** Row of element \`at\` of a row-major matrix, corrected because a device's quotient may be off by one. */
const rowOf = (at: string, cols: string, row: string): string => `
    let ${row} = Math.floor(${at} / ${cols});
    if (${row} * ${cols} > ${at}) { ${row} = ${row} - 1.0; }
    if ((${row} + 1.0) * ${cols} <= ${at}) { ${row} = ${row} + 1.0; }`;

/** out ← the elements of \`a\` in the same order, in rows of \`cols\` instead of \`from\`. Exact up to 2^24 elements, the limit of whole numbers in float32. */
export const reshapeKernel: KernelSource = {
  name: "reshape",
  matrices: ["a"],
  numbers: ["cols", "from"],
  scalar: `function (a, cols, from) {
    const at = this.thread.y * cols + this.thread.x;
    ${rowOf("at", "from", "row")}
    return a[row][at - row * from];
  }`,
  packed: `function (a, cols, from) {
    const x = this.thread.x;
    const start = this.thread.y * cols + 4 * x;
    ${FOUR.map(
      (j) => `
    const at${j} = start + ${j};
    ${rowOf(`at${j}`, "from", `row${j}`)}
    const col${j} = at${j} - row${j} * from;
    const group${j} = Math.floor(col${j} / 4);
    const v${j} = a[row${j}][group${j}];
    let r${j} = ${pick(
      FOUR.map((c) => `v${j}[${c}]`),
      `col${j} - 4 * group${j}`,
    )};
    if (4 * x + ${j} >= cols) { r${j} = 0.0; }`,
    ).join("")}
    return [r0, r1, r2, r3];
  }`,
};

/** out ← a, with the \`count\` groups of \`row\` appended below its \`top\` rows, in as many rows of \`groups\` groups as needed. */
export const appendKernel: KernelSource = {
  name: "append",
  matrices: ["a", "row"],
  numbers: ["top", "groups", "count"],
  scalar: `function (a, row, top, groups, count) {
    if (this.thread.y < top) { return a[this.thread.y][this.thread.x]; }
    const at = (this.thread.y - top) * groups + this.thread.x;
    if (at < count) { return row[0][at]; }
    return 0.0;
  }`,
  packed: `function (a, row, top, groups, count) {
    const x = this.thread.x;
    const y = this.thread.y;
    const v = a[y][x];
    const w = row[0][(y - top) * groups + x];
    ${FOUR.map((j) => `let r${j} = v[${j}]; if (y >= top) { r${j} = w[${j}]; }`).join(" ")}
    return [r0, r1, r2, r3];
  }`,
};

/** out ← the part of a that starts at row \`top\` and column \`left\`. */
export const sliceKernel: KernelSource = {
  name: "slice",
  matrices: ["a"],
  numbers: ["top", "left", "cols"],
  scalar: "function (a, top, left, cols) { return a[this.thread.y + top][this.thread.x + left]; }",
  packed: `function (a, top, left, cols) {
    const x = this.thread.x;
    const y = this.thread.y + top;
    const group = Math.floor(left / 4);
    const part = left - 4 * group;
    const v = a[y][x + group];
    const w = a[y][x + group + 1];
    ${FOUR.map((j) => {
      const shifted = FOUR.map((c) => (j + c < 4 ? `v[${j + c}]` : `w[${j + c - 4}]`));
      return `let r${j} = ${pick(shifted, "part")};`;
    }).join("\n    ")}
    ${FOUR.slice(1)
      .map((j) => `if (4 * x + ${j} >= cols) { r${j} = 0.0; }`)
      .join(" ")}
    return [r0, r1, r2, r3];
  }`,
};
