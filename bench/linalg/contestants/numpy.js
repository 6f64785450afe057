import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** NumPy on one thread of its OpenBLAS, in a Python process that keeps its own time. */
export async function load() {
  const server = fileURLToPath(new URL("numpy_server.py", import.meta.url));
  const python = spawn("python3", [server], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ask = async (request) => {
    python.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("python3 ended: are python3-numpy and python3-scipy installed?");
    return JSON.parse(value);
  };
  const folder = mkdtempSync(join(tmpdir(), "sumo-bench-"));
  const { version } = await ask({ op: "version" });
  return [
    {
      name: `numpy ${version}`,
      async matmul({ dtype, transposeA, transposeB }, a, b) {
        const operands = [a, b].map(({ rows, cols, data }, i) => {
          const file = join(folder, `operand${i}`);
          writeFileSync(file, data);
          return { file, rows, cols, transposed: [transposeA, transposeB][i] };
        });
        const result = join(folder, "result");
        await ask({ op: "prepare", routine: "matmul", dtype, operands });
        return {
          time: async (calls) => (await ask({ op: "time", calls })).ms,
          async result() {
            await ask({ op: "result", file: result });
            const { buffer, byteOffset, byteLength } = readFileSync(result);
            return new a.data.constructor(buffer.slice(byteOffset, byteOffset + byteLength));
          },
        };
      },
      dispose() {
        python.stdin.end();
        rmSync(folder, { recursive: true });
      },
    },
  ];
}
