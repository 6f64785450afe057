import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One numbered program, as its page shows it. */
export interface Example {
  /** The file's name without its ending, e.g. `01-matmul`. */
  readonly name: string;
  readonly title: string;
  /** What it is about, in Markdown. */
  readonly text: string;
  /** The whole file. */
  readonly source: string;
  /** What it prints, as its test recorded it; empty where nothing was recorded yet. */
  readonly output: string;
}

/** Where the programs lie. They are plain JavaScript: Node 20 and every browser run them as they are, and the compiler infers their types. */
export const folder: string = import.meta.dirname;

/** Where a program's recorded output lies. */
export const outputFile = (name: string): string => join(folder, "output", `${name}.txt`);

/** All examples in their order. The comment that a file begins with is its page's text. */
export function readExamples(): readonly Example[] {
  const recorded = new Set(readdirSync(join(folder, "output")));
  return readdirSync(folder)
    .filter((file) => /^\d\d-.*\.js$/.test(file))
    .sort()
    .map((file) => {
      const name = file.replace(/\.js$/, "");
      const source = readFileSync(join(folder, file), "utf8");
      const [head] = source.split("\n\n", 1);
      const [title, ...text] = head!.split("\n").map((line) => line.replace(/^\/\/ ?/, ""));
      const output = recorded.has(`${name}.txt`) ? readFileSync(outputFile(name), "utf8") : "";
      return { name, title: title!.replace(/^# /, ""), text: text.join("\n").trim(), source, output };
    });
}

/** The program without the comment that its page shows as text. */
export const programOf = ({ source }: Example): string => source.slice(source.indexOf("\n\n") + 2);
