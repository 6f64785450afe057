import type { KernelSource, PackedSource } from "../device/device.ts";
import { loop } from "./loop.ts";

const FOUR = [0, 1, 2, 3];

/** out ← alpha a op(b), or alpha a op(b) + beta c. op(b) = b, or bᵀ, where both operands are read along their rows. */
export const productKernel: KernelSource = product("product", false, false);
export const productPlusKernel: KernelSource = product("productPlus", false, true);
export const productTransposedKernel: KernelSource = product("productTransposed", true, false);
export const productTransposedPlusKernel: KernelSource = product("productTransposedPlus", true, true);

function product(name: string, transposed: boolean, plus: boolean): KernelSource {
  const matrices = plus ? ["a", "b", "c"] : ["a", "b"];
  const numbers = plus ? ["inner", "cols", "alpha", "beta"] : ["inner", "cols", "alpha"];
  const parameters = [...matrices, ...numbers].join(", ");
  const results = FOUR.map((j) => (plus ? `alpha * s0${j} + beta * old[${j}]` : `alpha * s0${j}`));
  return {
    name,
    matrices,
    numbers,
    scalar: `function (${parameters}) { ${scalarBody(transposed, plus)} }`,
    wide: `function (${parameters}) { ${wideBody(transposed, plus)} }`,
    packed: `function (${parameters}) {
      ${packedSums(["y"], transposed)}
      ${plus ? "const old = c[y][x];" : ""}
      return [${results.join(", ")}];
    }`,
  };
}

/**
 * The product with four rows a thread and half the fetches a multiplication: row 4i + j of a op(b) is row i of the j-th of four results.
 * Only for devices where a thread can write four results.
 */
export function productRows(transposed: boolean): PackedSource {
  const further = ["second", "third", "fourth"];
  const sums = (row: number): string => `[${FOUR.map((j) => `s${row}${j}`).join(", ")}]`;
  return {
    name: transposed ? "productRowsTransposed" : "productRows",
    matrices: ["a", "b"],
    numbers: ["inner", "cols"],
    further,
    packed: `function (a, b, inner, cols) {
      ${packedSums(
        FOUR.map((row) => `4 * y + ${row}`),
        transposed,
      )}
      ${further.map((name, i) => `${name}(${sums(i + 1)});`).join(" ")}
      return ${sums(0)};
    }`,
  };
}

/** out ← alpha times the interleaved rows of four matrices, or that plus beta c. */
export function gatherRows(plus: boolean): PackedSource {
  const parts = FOUR.map((part) => `p${part}`);
  const matrices = plus ? [...parts, "c"] : parts;
  const numbers = plus ? ["alpha", "beta"] : ["alpha"];
  return {
    name: plus ? "gatherRowsPlus" : "gatherRows",
    matrices,
    numbers,
    packed: `function (${[...matrices, ...numbers].join(", ")}) {
      const x = this.thread.x;
      const y = this.thread.y;
      const row = Math.floor(y / 4);
      const part = y - 4 * row;
      let v = p0[row][x];
      ${[1, 2, 3].map((j) => `if (part === ${j}) { v = p${j}[row][x]; }`).join(" ")}
      ${plus ? "const old = c[y][x];" : ""}
      return [${FOUR.map((j) => (plus ? `alpha * v[${j}] + beta * old[${j}]` : `alpha * v[${j}]`)).join(", ")}];
    }`,
  };
}

/** Loop unrolled into four sums: shorter dependency chains, and less rounding. */
function scalarBody(transposed: boolean, plus: boolean): string {
  const term = (i: string): string =>
    `a[this.thread.y][${i}] * ${transposed ? `b[this.thread.x][${i}]` : `b[${i}][this.thread.x]`}`;
  const four = ["at", "at + 1", "at + 2", "at + 3"].map((i, j) => `s${j} += ${term(i)};`).join(" ");
  return `
    let s0 = 0.0; let s1 = 0.0; let s2 = 0.0; let s3 = 0.0;
    const fours = Math.floor(inner / 4);
    ${loop("i", "fours", `const at = 4 * i; ${four}`)}
    ${loop("j", "inner - 4 * fours", `const last = 4 * fours + j; s0 += ${term("last")};`)}
    return alpha * (s0 + s1 + (s2 + s3))${plus ? " + beta * c[this.thread.y][this.thread.x]" : ""};`;
}

/** Four columns a thread, which share the fetches of a; four products a sum, as in packed kernels. */
function wideBody(transposed: boolean, plus: boolean): string {
  const b = (l: string, j: number): string => (transposed ? `b[x + ${j}][${l}]` : `b[${l}][x + ${j}]`);
  const steps = FOUR.map((l) => `at + ${l}`);
  const sum = (j: number): string => `s${j} += ${steps.map((step, l) => `a${l} * ${b(step, j)}`).join(" + ")};`;
  const results = FOUR.map((j) => `alpha * s${j}${plus ? ` + beta * c[y][x + ${j}]` : ""}`);
  return `
    const x = 4 * this.thread.x;
    const y = this.thread.y;
    ${FOUR.map((j) => `let s${j} = 0.0;`).join(" ")}
    const fours = Math.floor(inner / 4);
    ${loop("i", "fours", `const at = 4 * i; ${steps.map((step, l) => `const a${l} = a[y][${step}];`).join(" ")} ${FOUR.map(sum).join(" ")}`)}
    ${loop("k", "inner - 4 * fours", `const last = 4 * fours + k; const one = a[y][last]; ${FOUR.map((j) => `s${j} += one * ${b("last", j)};`).join(" ")}`)}
    return [${results.join(", ")}];`;
}

/**
 * Sums sRJ of the R-th of the given rows and column 4x + J: two groups of four inner indices an iteration, each with one fetch a row, and four
 * for b. Beyond `inner` the rows of a are zero.
 */
function packedSums(rows: readonly string[], transposed: boolean): string {
  const each = (text: (row: number, j: number) => string): string =>
    rows.map((_, row) => FOUR.map((j) => text(row, j)).join("\n      ")).join("\n      ");
  const group = (part: string, at: string): string => {
    const b = (l: number): string => (transposed ? `b[4 * x + ${l}][${at}]` : `b[4 * (${at}) + ${l}][x]`);
    const term =
      (row: number, j: number) =>
      (l: number): string =>
        `${part}a${row}[${l}] * ${transposed ? `${part}b${j}[${l}]` : `${part}b${l}[${j}]`}`;
    return `
      ${rows.map((row, r) => `const ${part}a${r} = a[${row}][${at}];`).join(" ")}
      ${FOUR.map((l) => `const ${part}b${l} = ${b(l)};`).join(" ")}
      ${each((row, j) => `s${row}${j} += ${FOUR.map(term(row, j)).join(" + ")};`)}`;
  };
  return `
    const x = this.thread.x;
    const y = this.thread.y;
    const groups = Math.ceil(inner / 4);
    const pairs = Math.floor(groups / 2);
    ${each((row, j) => `let s${row}${j} = 0.0;`)}
    ${loop("i", "pairs", `${group("p", "2 * i")} ${group("q", "2 * i + 1")}`)}
    if (2 * pairs < groups) { ${group("r", "groups - 1")} }
    ${transposed ? each((row, j) => (j === 0 ? "" : `if (4 * x + ${j} >= cols) { s${row}${j} = 0.0; }`)) : ""}`;
}
