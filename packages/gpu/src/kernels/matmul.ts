import type { KernelSource } from "../device/device.ts";
import { loop } from "./loop.ts";

/** out ← alpha a op(b), or alpha a op(b) + beta c. op(b) = b, or bᵀ: then both are read along their rows. */
export const productKernel: KernelSource = product("product", false, false);
export const productPlusKernel: KernelSource = product("productPlus", false, true);
export const productTransposedKernel: KernelSource = product("productTransposed", true, false);
export const productTransposedPlusKernel: KernelSource = product("productTransposedPlus", true, true);

function product(name: string, transposed: boolean, plus: boolean): KernelSource {
  const matrices = plus ? ["a", "b", "c"] : ["a", "b"];
  const numbers = plus ? ["inner", "cols", "alpha", "beta"] : ["inner", "cols", "alpha"];
  const parameters = [...matrices, ...numbers].join(", ");
  return {
    name,
    matrices,
    numbers,
    scalar: `function (${parameters}) { ${scalarBody(transposed, plus)} }`,
    packed: `function (${parameters}) { ${packedBody(transposed, plus)} }`,
  };
}

/** Four sums a turn: shorter dependences for the processor, and less rounding. */
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

/** Two groups of four a turn, each sixteen multiplications for five fetches. Beyond `inner` the row of `a` is zero. */
function packedBody(transposed: boolean, plus: boolean): string {
  const four = [0, 1, 2, 3];
  const group = (part: string, at: string): string => {
    const [v, b] = [`v${part}`, four.map((l) => `b${part}${l}`)];
    const row = (l: number): string => (transposed ? `b[4 * x + ${l}][${at}]` : `b[4 * (${at}) + ${l}][x]`);
    const sum = (j: number): string =>
      four.map((l) => `${v}[${l}] * ${transposed ? `${b[j]}[${l}]` : `${b[l]}[${j}]`}`).join(" + ");
    return `
      const ${v} = a[y][${at}];
      ${four.map((l) => `const ${b[l]} = ${row(l)};`).join(" ")}
      ${four.map((j) => `s${j} += ${sum(j)};`).join("\n      ")}`;
  };
  const turn = `${group("p", "2 * i")} ${group("q", "2 * i + 1")}`;
  const mask = four
    .slice(1)
    .map((j) => `if (4 * x + ${j} >= cols) { s${j} = 0.0; }`)
    .join(" ");
  const results = four.map((j) => (plus ? `alpha * s${j} + beta * old[${j}]` : `alpha * s${j}`));
  return `
    const x = this.thread.x;
    const y = this.thread.y;
    const groups = Math.ceil(inner / 4);
    const pairs = Math.floor(groups / 2);
    ${four.map((j) => `let s${j} = 0.0;`).join(" ")}
    ${loop("i", "pairs", turn)}
    if (2 * pairs < groups) {
      ${group("r", "groups - 1")}
    }
    ${transposed ? mask : ""}
    ${plus ? "const old = c[y][x];" : ""}
    return [${results.join(", ")}];`;
}
