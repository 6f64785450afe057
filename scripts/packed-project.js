// A project outside of the repository with the packages as they are published, from the tarballs of `pnpm tarballs`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs `body` in a new project with these packages, their peers and `others`, by npm, and removes it.
 *
 * @param packages - Names without the scope.
 * @param others - What npm installs beside them, e.g. `"esbuild@0.28"`.
 */
export async function inProject(packages, others, body) {
  const folder = mkdtempSync(join(tmpdir(), "sumo-packed-"));
  try {
    install(folder, packages, others);
    await body({
      folder,
      copy: (from) => cpSync(join(root, from), folder, { recursive: true }),
      run: (command, args, env = {}) =>
        execFileSync(command, args, {
          cwd: folder,
          encoding: "utf8",
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "inherit"],
        }),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function install(folder, packages, others) {
  const manifests = packages.map((name) =>
    JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")),
  );
  const packed = packages.map((name) => join(root, "tarballs", `sumo-${name}.tgz`));
  const peers = manifests.flatMap(({ peerDependencies = {} }) =>
    Object.entries(peerDependencies).map(([peer, range]) => `${peer}@${range}`),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  execFileSync("npm", ["install", ...options, ...packed, ...peers, ...others], { cwd: folder, stdio: "inherit" });
}
