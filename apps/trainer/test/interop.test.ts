import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCorpus, evenStarts, parseTokenizer } from "@sumo/training";
import { expect, test } from "vitest";
import { losses, run, TINY, workplace } from "./command-line.ts";

const python = process.env["PYTHON"] ?? "python3";
const hasTransformers = spawnSync(python, ["-c", "import torch, transformers"]).status === 0;
const SCRIPT = fileURLToPath(new URL("interop.py", import.meta.url));
const CONTEXT = 16;

if (!hasTransformers)
  console.warn("Tests against transformers are skipped: pip install torch transformers, or set PYTHON.");

function ask(request: object): unknown {
  const { stdout, stderr } = spawnSync(python, [SCRIPT], { input: JSON.stringify(request), encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The loss that transformers finds on the windows of held-out text that `--eval-tokens 64` looks at. */
function theirLoss(folder: string, model: string): number {
  const bytes = readFileSync(join(folder, "text.txt"));
  const tokenizer = parseTokenizer(readFileSync(join(model, "tokenizer.json"), "utf8"), model);
  const { train, validation } = createCorpus(bytes, tokenizer, CONTEXT);
  const text = new TextDecoder().decode(bytes.subarray(tokenizer.decode(train).length));
  const starts = evenStarts(4, validation.length, CONTEXT);
  return ask({ task: "loss", folder: model, text, starts, length: CONTEXT }) as number;
}

test.skipIf(!hasTransformers)(
  "transformers finds the same loss in an exported model",
  async () => {
    const folder = workplace();
    await run(
      folder,
      "--data",
      "text.txt",
      ...TINY,
      "--vocab",
      "270",
      "--kv-heads",
      "1",
      "--steps",
      "20",
      "--name",
      "a",
    );
    await run(folder, "export", "a", "out");
    const ours = losses(folder, "a").at(-2)!.validation!;
    expect(Math.abs(theirLoss(folder, join(folder, "out")) - ours)).toBeLessThan(16 * 16 * 2 ** -23 * ours);
  },
  600_000,
);

test.skipIf(!hasTransformers)(
  "a model that transformers published has the same loss here",
  async () => {
    const folder = workplace();
    const fixtures = readFileSync(
      new URL("../../../packages/training/test/fixtures/published-tokenizers.json", import.meta.url),
      "utf8",
    );
    const fixture = (JSON.parse(fixtures) as { kind: string; file: object }[]).find(({ kind }) => kind === "SmolLM")!;
    const published = join(folder, "published");
    ask({ task: "publish", folder: published, tokenizer: fixture.file });
    const words = [
      "--context",
      `${CONTEXT}`,
      "--batch",
      "2",
      "--eval-tokens",
      "64",
      "--steps",
      "1",
      "--threads",
      "1",
      "--name",
      "a",
    ];
    expect((await run(folder, "--data", "text.txt", "--init", "published", ...words)).code).toBe(0);
    const ours = losses(folder, "a")[0]!.validation!;
    expect(Math.abs(theirLoss(folder, published) - ours)).toBeLessThan(16 * 48 * 2 ** -23 * ours);
  },
  600_000,
);
