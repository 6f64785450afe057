import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Mpi } from "@sumo/testing/mpirun";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import type { LogLine } from "@sumo/training";
import { digest } from "@sumo/training/text";
import { Command } from "commander";
import { build } from "vite";
import { afterAll, vi } from "vitest";
import type { CliOptions } from "../src/cli/cli-options.ts";
import { resumeRun } from "../src/cli/commands/resume.ts";
import { startRun } from "../src/cli/commands/start.ts";
import { addOptions } from "../src/cli/flags.ts";
import { readLog } from "../src/run/log-file.ts";
import { SILENT } from "../src/screen/screen.ts";
import { joinRanks } from "../src/training/ranks.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // every test starts several processes, on machines that may be busy

/** The command line as one file, bundled from the sources, so that tests need no build before them and start quickly. */
const PROGRAM = await bundle();

async function bundle(): Promise<string> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const cache = join(root, "node_modules", ".cache"); // inside the package, so that imports of dependencies are found
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, "test-"));
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));
  await build({
    root,
    configFile: false,
    logLevel: "error",
    build: {
      ssr: true,
      outDir,
      target: "node20",
      rollupOptions: {
        input: ["src/cli.ts", "src/training/pass-worker.ts", "src/training/parquet-worker.ts"],
        output: { chunkFileNames: "[name].js" },
      },
    },
    ssr: { noExternal: [/^@sumo\//], resolve: { conditions: ["@sumo/source"] } },
  });
  return join(outDir, "cli.js");
}

/** A model and a run so small that a step takes about a millisecond. */
export const TINY: readonly string[] =
  "--dim 16 --layers 1 --heads 2 --context 16 --batch 2 --threads 1 --eval-tokens 64 --final-tokens 128 --length 20".split(
    " ",
  );

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder to run in, with a text that has something to learn, and examples of which each has another number of tokens to learn. */
export function workplace(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(60));
  const examples = Array.from({ length: 30 }, (_, i) => ({
    prompt: "count:",
    completion: ` ${"12".repeat(1 + (i % 3))}`,
  }));
  writeFileSync(join(folder, "examples.jsonl"), examples.map((example) => `${JSON.stringify(example)}\n`).join(""));
  return folder;
}

/** Starts the command line in `folder`. */
export function start(folder: string, ...words: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  return startNode(folder, {}, [PROGRAM, ...words]);
}

/** Starts the command line in `folder` on a disk that fails, as `failing-disk.js` says. */
export function startOnDisk(
  folder: string,
  disk: Readonly<Record<string, string>>,
  ...words: string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  return startNode(folder, disk, ["--import", new URL("./failing-disk.js", import.meta.url).href, PROGRAM, ...words]);
}

/** Runs the command line in `folder` to its end, and measures its memory. */
export async function measured(folder: string, ...words: string[]): Promise<Ended & { readonly peakBytes: number }> {
  const file = join(folder, "peak");
  const preload = ["--import", new URL("./peak-memory.js", import.meta.url).href];
  const ended = await startNode(folder, { PEAK_FILE: file }, [...preload, PROGRAM, ...words]).ended;
  return { ...ended, peakBytes: Number(readFileSync(file, "utf8")) };
}

function startNode(
  folder: string,
  variables: Readonly<Record<string, string>>,
  words: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } {
  return startCommand(folder, variables, process.execPath, words);
}

/** Starts a program in `folder`. */
function startCommand(
  folder: string,
  variables: Readonly<Record<string, string>>,
  program: string,
  words: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } {
  const env = { ...process.env, INIT_CWD: folder, NO_COLOR: "1", ...variables };
  const child = spawn(program, words, { cwd: folder, env });
  let out = "";
  let err = "";
  child.stdout!.on("data", (chunk) => (out += chunk));
  child.stderr!.on("data", (chunk) => (err += chunk));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  return { child, ended };
}

/** Runs the command line in `folder` to its end in this process, which is quicker than another one. Returns the exit code. */
export async function runHere(folder: string, ...words: string[]): Promise<number> {
  const command = addOptions(new Command("train"));
  command.parse([...words, "--runs", join(folder, "runs")], { from: "user" });
  const options = command.opts<CliOptions>();
  const { resume } = options;
  if (resume !== undefined) return resumeRun(options, resume, command, SILENT, joinRanks());
  return startRun(options, folder, SILENT, joinRanks());
}

/** Runs the command line in `folder` to its end. */
export function run(folder: string, ...words: string[]): Promise<Ended> {
  return start(folder, ...words).ended;
}

/** Starts the command line on processes of one launcher; each of `parts` has words of its own, and may have words for Node. */
export function launch(
  { launcher, options }: Mpi,
  folder: string,
  parts: readonly { readonly size: number; readonly words: readonly string[]; readonly node?: readonly string[] }[],
  variables: Readonly<Record<string, string>> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const programs = parts.map(({ size, words, node = [] }, i) => {
    const program = ["-n", String(size), process.execPath, ...node, PROGRAM, ...words];
    return i === 0 ? program : [":", ...program];
  });
  return startCommand(folder, variables, launcher, [...options, ...programs.flat()]);
}

/** Messages of the trainer; launchers print lines of their own. */
export const errorsOf = ({ err }: Pick<Ended, "err">): readonly string[] =>
  err.split(/\r?\n/).filter((line) => line.startsWith("error: "));

/** Waits until a run has logged `count` lines. */
export async function logged(folder: string, name: string, count: number): Promise<void> {
  const path = join(folder, "runs", name, "log.jsonl");
  for (let i = 0; i < 20_000; i++) {
    if (existsSync(path) && readFileSync(path, "utf8").split("\n").length > count) return;
    await pause(5);
  }
  throw new Error(`no ${count} lines in ${path}`);
}

/** A run's log without what depends on the clock. */
export function losses(folder: string, name: string, runs = "runs"): Omit<LogLine, "seconds" | "tokensPerSecond">[] {
  return readLog(join(folder, runs, name, "log.jsonl")).map(({ seconds: _, tokensPerSecond: __, ...line }) => line);
}

/** Digests of a run's checkpoint. */
export function checkpoint(folder: string, name: string): Record<string, string> {
  const files = ["model.safetensors", "optimizer.safetensors"];
  return Object.fromEntries(files.map((file) => [file, digest(readFileSync(join(folder, "runs", name, file)))]));
}
