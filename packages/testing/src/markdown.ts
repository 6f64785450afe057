import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, vi } from "vitest";

/** A `ts` block of a Markdown file. */
export interface CodeBlock {
  readonly code: string;
  /** Expected lines of output: comments after `console.log(…);`, on one line or ended on a line of its own, or else the next `text` block. */
  readonly said: readonly string[];
  /** Path of the file that {@link run} writes. */
  readonly path: string;
  /** Runs the block as a module. Returns the arguments of every `console.log`. */
  run(): Promise<unknown[][]>;
}

/**
 * Extracts the `ts` blocks of a Markdown file. They run from a temporary folder beside the calling test, so that imports resolve as in
 * that package.
 *
 * @param file - path of the Markdown file.
 * @param testFolder - the calling test's `import.meta.dirname`.
 * @param imports - modules by the names that blocks import them by, where those do not resolve from the folder.
 */
export function codeBlocks(
  file: string,
  testFolder: string,
  imports: Readonly<Record<string, string>> = {},
): readonly CodeBlock[] {
  const folder = mkdtempSync(join(testFolder, "blocks-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fences = Array.from(readFileSync(file, "utf8").matchAll(/^```(\w+)\n(.*?)^```/gms));
  return fences.flatMap(([, language, code], index) => {
    if (language !== "ts") return [];
    const [, nextLanguage, text] = fences[index + 1] ?? [];
    const path = join(folder, `block-${index}.ts`);
    return {
      code: code!,
      said: saidBy(code!, nextLanguage === "text" ? text! : ""),
      path,
      run: () => run(path, code!, imports),
    };
  });
}

function saidBy(code: string, text: string): readonly string[] {
  const comments = Array.from(code.matchAll(/(?:console\.log\(.*|^ *)\); \/\/ (.*)$/gm), ([, comment]) => comment!);
  return comments.length > 0 ? comments : text.split("\n").filter((line) => line !== "");
}

async function run(path: string, code: string, imports: Readonly<Record<string, string>>): Promise<unknown[][]> {
  const resolved = Object.entries(imports).reduce(
    (text, [name, module]) => text.replaceAll(`"${name}"`, `"${join(dirname(path), "..", module)}"`),
    code,
  );
  writeFileSync(path, resolved);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(path);
    return log.mock.calls.slice();
  } finally {
    log.mockRestore();
  }
}
