import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A numbered program, with the contents of its page. */
export interface Example {
  /** The file's name without its ending, e.g. `01-matmul`. */
  readonly name: string;
  readonly title: string;
  /** Description in Markdown. */
  readonly text: string;
  /** Text of the whole file. */
  readonly source: string;
  /** Recorded output; empty if nothing is recorded yet. */
  readonly output: string;
}

/** Folder of the programs, in plain JavaScript, which Node 20 and browsers run directly; the compiler infers their types. */
export const folder: string = import.meta.dirname;

/** Path of a program's recorded output. */
export const outputFile = (name: string): string => join(folder, "output", `${name}.txt`);

/** Reads all examples in order. A file's first comment is the text of its page. */
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

/** The program without its first comment. */
export const programOf = ({ source }: Example): string => source.slice(source.indexOf("\n\n") + 2);
