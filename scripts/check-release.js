// Rehearses a release in a copy of the manifests. A version that no changeset asks for is an error, and so is a version or a changelog of a
// private package.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUMPS = ["none", "patch", "minor", "major"];

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "sumo-release-"));
const run = (command, ...args) =>
  execFileSync(command, args, { cwd: copy, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const manifest = (base, folder) => JSON.parse(readFileSync(join(base, folder, "package.json"), "utf8"));

const workspaces = ["packages", "apps"].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => `${group}/${name}`),
);
const folders = [...workspaces, "bench", "docs"].filter((folder) => existsSync(join(root, folder, "package.json")));

try {
  for (const folder of [".", ...folders]) {
    cpSync(join(root, folder, "package.json"), join(copy, folder, "package.json"), { recursive: true });
  }
  for (const file of ["pnpm-workspace.yaml", ".changeset"])
    cpSync(join(root, file), join(copy, file), { recursive: true });
  run("git", "init", "--quiet");
  run("git", "add", "--all");
  run(
    "git",
    "-c",
    "user.name=release",
    "-c",
    "user.email=release@localhost",
    "commit",
    "--quiet",
    "--message",
    "Rehearse",
  );
  const bump = largestBump();
  run(process.execPath, join(root, "node_modules", "@changesets", "cli", "bin.js"), "version");
  const faults = folders.flatMap((folder) => faultsOf(folder, bump));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`the next release is ${versions().join(", ") || "none"}`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** The largest bump that a changeset asks for, which all packages get together. */
function largestBump() {
  const texts = readdirSync(join(root, ".changeset"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => readFileSync(join(root, ".changeset", name), "utf8"));
  const asked = texts.flatMap((text) =>
    Array.from(text.matchAll(/^"[^"]+": (\w+)$/gm), ([, kind]) => BUMPS.indexOf(kind)),
  );
  return BUMPS[Math.max(0, ...asked)];
}

function faultsOf(folder, bump) {
  const [{ private: isPrivate, version, name }, after] = [manifest(root, folder), manifest(copy, folder)];
  const expected = isPrivate || version === undefined ? version : bumped(version, bump);
  const faults = after.version === expected ? [] : [`${name}: ${after.version}, where ${expected} is due`];
  return isPrivate && existsSync(join(copy, folder, "CHANGELOG.md"))
    ? [...faults, `${name}: a changelog of a private package`]
    : faults;
}

function bumped(version, bump) {
  const [major, minor, patch] = version.split(".").map(Number);
  if (bump === "major") return `${major + 1}.0.0`;
  if (bump === "minor") return `${major}.${minor + 1}.0`;
  return bump === "patch" ? `${major}.${minor}.${patch + 1}` : version;
}

function versions() {
  const released = folders.map((folder) => manifest(copy, folder)).filter(({ private: isPrivate }) => !isPrivate);
  return [...new Set(released.map(({ version }) => version))];
}
