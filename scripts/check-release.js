// Rehearses the release workflow up to the registry, in a copy of the repository with what `turbo run build` has built: versions and changelogs by
// the changesets, an install by the lockfile, the workflow's own command to publish, as a dry run. Errors are a version that no changeset asks
// for, a version or a changelog of a private package, a package too many or too few, and one without its built files.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BUMPS = ["none", "patch", "minor", "major"];

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "sumo-release-"));
const run = (command, args, cwd = copy) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 26 });
const git = (...args) => run("git", ["-c", "user.name=release", "-c", "user.email=release@localhost", ...args]);
const manifest = (base, folder) => JSON.parse(readFileSync(join(base, folder, "package.json"), "utf8"));

const tracked = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], root)
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const folders = tracked.filter((file) => file.endsWith("/package.json")).map((file) => dirname(file));
const published = folders.filter((folder) => !manifest(root, folder).private);

try {
  const built = published.map((folder) => join(folder, "dist"));
  for (const file of [...tracked, ...built]) cpSync(join(root, file), join(copy, file), { recursive: true });
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "Rehearse");
  const bump = largestBump();
  run(process.execPath, [join(root, "node_modules", "@changesets", "cli", "bin.js"), "version"]);
  run("npx", ["-y", "pnpm@12.21.0", "install", "--frozen-lockfile", "--prefer-offline", "--ignore-scripts"]);
  run("bash", ["-c", `${publishCommand()} --dry-run --report-summary`]);
  const { publishedPackages } = JSON.parse(readFileSync(join(copy, "pnpm-publish-summary.json"), "utf8"));

  const faults = [...folders.flatMap((folder) => versionFaults(folder, bump)), ...publishFaults(publishedPackages)];
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`the next release is ${versions().join(", ")}, of ${publishedPackages.length} packages`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** The last command of the release workflow. */
function publishCommand() {
  const workflow = readFileSync(join(root, ".github", "workflows", "release.yml"), "utf8");
  return /run: (.* publish .*)/.exec(workflow)[1];
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

function versionFaults(folder, bump) {
  const [{ private: isPrivate, version, name }, after] = [manifest(root, folder), manifest(copy, folder)];
  const expected = isPrivate || version === undefined ? version : bumped(version, bump);
  const faults = after.version === expected ? [] : [`${name}: ${after.version}, where ${expected} is due`];
  return isPrivate && existsSync(join(copy, folder, "CHANGELOG.md"))
    ? [...faults, `${name}: a changelog of a private package`]
    : faults;
}

/** Faults of what pnpm would send to the registry. */
function publishFaults(packages) {
  const expected = published.map((folder) => `${manifest(copy, folder).name}@${manifest(copy, folder).version}`);
  const sent = packages.map(({ name, version }) => `${name}@${version}`);
  return [
    ...expected.filter((id) => !sent.includes(id)).map((id) => `${id} would not be published`),
    ...sent.filter((id) => !expected.includes(id)).map((id) => `${id} would be published`),
    ...packages.flatMap(({ name, files }) =>
      ["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts", "src/index.ts"]
        .filter((file) => !files.some(({ path }) => path === file))
        .map((file) => `${name} would be published without ${file}`),
    ),
    ...packages.flatMap(({ name, files }) =>
      files.filter(({ path }) => /\.test\./.test(path)).map(({ path }) => `${name} would be published with ${path}`),
    ),
  ];
}

function bumped(version, bump) {
  const [major, minor, patch] = version.split(".").map(Number);
  if (bump === "major") return `${major + 1}.0.0`;
  if (bump === "minor") return `${major}.${minor + 1}.0`;
  return bump === "patch" ? `${major}.${minor}.${patch + 1}` : version;
}

function versions() {
  return [...new Set(published.map((folder) => manifest(copy, folder).version))];
}
