import { type Options, parse, type Token, tokTypes } from "acorn";

/** A module's name in a program, where it stands as a string between quotes. */
export interface ImportedName {
  readonly name: string;
  /** The first character of the string, and the one behind it. */
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
}

export interface Program {
  /** JavaScript, line for line as the source. */
  readonly code: string;
  readonly imports: readonly ImportedName[];
}

/** A program that cannot be run as it stands. */
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
 * JavaScript from JavaScript or TypeScript, and what it imports. What strips types is loaded for programs that have some.
 *
 * @throws {SourceError} if it is neither.
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

/** Whether the string at `i` follows `from`, `import`, or `import(`: in a program that parses nothing else can stand there. */
function isImport(code: string, tokens: readonly Token[], i: number): boolean {
  const [last, before] = [tokens[i - 1], tokens[i - 2]];
  if (last === undefined) return false;
  if (last.type === tokTypes._import) return true;
  if (last.type === tokTypes.parenL) return before?.type === tokTypes._import;
  return last.type === tokTypes.name && code.slice(last.start, last.end) === "from";
}

/** Both parsers put the position behind their message, and as `loc` into the error. */
function sourceErrorOf(error: unknown): SourceError {
  const { message, loc } = error as Error & { readonly loc?: { readonly line: number } };
  return new SourceError(
    "SyntaxError",
    message.replace(/^Error parsing file: /, "").replace(/ \(\d+:\d+\)$/, ""),
    loc?.line ?? 1,
  );
}
