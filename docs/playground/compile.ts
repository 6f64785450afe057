import { type Options, parse, type Token, tokTypes } from "acorn";

/** An import specifier in a program: a quoted module name and its position. */
export interface ImportedName {
  readonly name: string;
  /** Range of the string: first character, and the one after the last. */
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
}

export interface Program {
  /** JavaScript with the lines of the source. */
  readonly code: string;
  readonly imports: readonly ImportedName[];
}

/** A program has a syntax error or an unknown import. */
export class SourceError extends Error {
  override readonly name: "SyntaxError" | "ImportError";
  /** Counted from 1. */
  readonly line: number;

  constructor(name: "SyntaxError" | "ImportError", message: string, line: number) {
    super(message);
    this.name = name;
    this.line = line;
  }
}

/**
 * Compiles JavaScript or TypeScript to JavaScript, and finds its imports. The type stripper is loaded only for programs with types.
 *
 * @throws {SourceError} for a syntax error.
 */
export async function compile(source: string): Promise<Program> {
  try {
    return { code: source, imports: importsOf(source) };
  } catch {
    const code = await withoutTypes(source);
    return { code, imports: importsOf(code) };
  }
}

async function withoutTypes(source: string): Promise<string> {
  const { transform } = await import("sucrase");
  try {
    return transform(source, { transforms: ["typescript"], disableESTransforms: true, keepUnusedImports: true }).code;
  } catch (error) {
    throw sourceErrorOf(error);
  }
}

function importsOf(code: string): readonly ImportedName[] {
  const tokens: Token[] = [];
  const options: Options = { ecmaVersion: "latest", sourceType: "module", locations: true, onToken: tokens };
  try {
    parse(code, options);
  } catch (error) {
    throw sourceErrorOf(error);
  }
  return tokens.flatMap((token, i) => {
    const { type, start, end, value, loc } = token as Token & { readonly value: unknown };
    if (type !== tokTypes.string || !isImport(code, tokens, i)) return [];
    return [{ name: String(value), start, end, line: loc!.start.line }];
  });
}

/** Whether the string at `i` is an import specifier: it follows `from`, `import`, or `import(`, in a program that parses. */
function isImport(code: string, tokens: readonly Token[], i: number): boolean {
  const [last, before] = [tokens[i - 1], tokens[i - 2]];
  if (last === undefined) return false;
  if (last.type === tokTypes._import) return true;
  if (last.type === tokTypes.parenL) return before?.type === tokTypes._import;
  return last.type === tokTypes.name && code.slice(last.start, last.end) === "from";
}

/** Converts a parser's error. Both parsers append the position to the message, and have it as `loc`. */
function sourceErrorOf(error: unknown): SourceError {
  const { message, loc } = error as Error & { readonly loc?: { readonly line: number } };
  return new SourceError(
    "SyntaxError",
    message.replace(/^Error parsing file: /, "").replace(/ \(\d+:\d+\)$/, ""),
    loc?.line ?? 1,
  );
}
