import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";

const RIVALS = [
  "@jax-js/jax",
  "@stdlib/blas-base-dgemm",
  "@tensorflow/tfjs-backend-wasm",
  "ml-matrix",
  "numpy-ts",
  "svd-js",
  "webr",
];

/** Describes the machine, the versions, including those of `others`, and the load average at the end. */
export function machineAndVersions(others) {
  const [{ model }, ...more] = cpus();
  const installed = RIVALS.map((name) => [name, versionOf(name)]).filter(([, version]) => version !== undefined);
  const versions = { ...Object.fromEntries(installed), ...others };
  const { node, v8 } = process.versions;
  return { machine: `${model}, ${more.length + 1} cores`, loadAverage: loadavg()[0], node, v8, versions };
}

/** Reads a package's version from its manifest, even if `exports` hides it; `undefined` if it is not installed. */
function versionOf(name) {
  const paths = createRequire(import.meta.url).resolve.paths(name);
  for (const path of paths) {
    try {
      return JSON.parse(readFileSync(`${path}/${name}/package.json`, "utf8")).version;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return undefined;
}
