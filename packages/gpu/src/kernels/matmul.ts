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

function scalarBody(transposed: boolean, plus: boolean): string {
  const b = transposed ? "b[this.thread.x][i]" : "b[i][this.thread.x]";
  return `
    let sum = 0.0;
    ${loop("i", "inner", `sum += a[this.thread.y][i] * ${b};`)}
    return alpha * sum${plus ? " + beta * c[this.thread.y][this.thread.x]" : ""};`;
}

/** Sixteen multiplications for five fetches. Where \`inner\` is no multiple of four, the rest of the row of \`a\` is zero. */
function packedBody(transposed: boolean, plus: boolean): string {
  const four = [0, 1, 2, 3];
  const step = four
    .map((j) => {
      const b = four.map((l) => (transposed ? `b${j}[${l}]` : `b${l}[${j}]`));
      return `s${j} += ${four.map((l) => `v[${l}] * ${b[l]}`).join(" + ")};`;
    })
    .join("\n      ");
  const fetch = four
    .map((l) => (transposed ? `const b${l} = b[4 * x + ${l}][i];` : `const b${l} = b[4 * i + ${l}][x];`))
    .join(" ");
  const mask = four
    .slice(1)
    .map((j) => `if (4 * x + ${j} >= cols) { s${j} = 0.0; }`)
    .join(" ");
  const results = four.map((j) => (plus ? `alpha * s${j} + beta * old[${j}]` : `alpha * s${j}`));
  return `
    const x = this.thread.x;
    const y = this.thread.y;
    const groups = Math.ceil(inner / 4);
    ${four.map((j) => `let s${j} = 0.0;`).join(" ")}
    ${loop("i", "groups", `const v = a[y][i]; ${fetch} ${step}`)}
    ${transposed ? mask : ""}
    ${plus ? "const old = c[y][x];" : ""}
    return [${results.join(", ")}];`;
}
