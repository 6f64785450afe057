/**
 * Writes a module's bytes, which the package has as compressed text inside its code, as a file with its types: for runtimes that compile
 * only what a program imports.
 *
 * Usage: node unpack-wasm.js KERNELS.generated.js OUT.wasm
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inflateRawSync } from "node:zlib";

const [source, out] = process.argv.slice(2);
const { wasmDeflated } = await import(pathToFileURL(resolve(source)));
writeFileSync(out, inflateRawSync(Buffer.from(wasmDeflated, "base64")));
writeFileSync(
  `${out}.d.ts`,
  "/** The kernels of the `wasm` engine, compiled: a `WebAssembly.Module`. */\ndeclare const kernels: object;\nexport default kernels;\n",
);
