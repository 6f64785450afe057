import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Debian's Python, whose packages numpy and scipy use the same OpenBLAS as the native engine. */
const { PYTHON = "/usr/bin/python3" } = process.env;

const FACTORIZATIONS = ["svd", "eigh", "qr", "polar", "randomizedSvd"];
const OF_NUMPY = ["svdvals", "eig", "cholesky", "inv", "det", "solve", "lstsq"];

/** One thread of OpenBLAS, called by SciPy's low-level functions, and by numpy.linalg, which always computes in float64. */
export const load = () =>
  Promise.all([
    contestant("OpenBLAS", [], ["matmul", ...FACTORIZATIONS]),
    contestant("NumPy", ["numpy"], [...FACTORIZATIONS, ...OF_NUMPY]),
  ]);

/** Starts a Python process, which measures its own times. */
async function contestant(name, options, routines) {
  const server = fileURLToPath(new URL("numpy_server.py", import.meta.url));
  const python = spawn(PYTHON, [server, ...options], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ask = async (request) => {
    python.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${PYTHON} ended: are python3-numpy and python3-scipy installed?`);
    return JSON.parse(value);
  };
  const folder = mkdtempSync(join(tmpdir(), "sumo-bench-"));
  const file = join(folder, "result");
  const routine = async ({ routine, dtype, transposeA = false, transposeB = false, rank }, ...matrices) => {
    const operands = matrices.map(({ rows, cols, data }, i) => {
      const file = join(folder, `operand${i}`);
      writeFileSync(file, data);
      return { file, rows, cols, transposed: [transposeA, transposeB][i] };
    });
    await ask({ op: "prepare", routine, dtype, operands, options: rank === undefined ? [] : [rank] });
    const read = (name) => {
      const { buffer, byteOffset, byteLength } = readFileSync(`${file}.${name}`);
      return new matrices[0].data.constructor(buffer.slice(byteOffset, byteOffset + byteLength));
    };
    return {
      time: async (calls) => (await ask({ op: "time", calls })).ms,
      async result() {
        const { names } = await ask({ op: "result", file });
        return names[0] === "product" ? read("product") : Object.fromEntries(names.map((name) => [name, read(name)]));
      },
    };
  };
  const { numpy, scipy } = await ask({ op: "version" });
  return {
    name,
    versions: { numpy, scipy },
    ...Object.fromEntries(routines.map((name) => [name, routine])),
    dispose() {
      python.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
