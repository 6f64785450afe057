import { compile, SourceError } from "./compile.ts";
import { format, formatAll, formatError } from "./format.ts";
import { type Linked, link } from "./link.ts";
import type { Message, Printed } from "./messages.ts";
import { modules } from "./modules.ts";

/** Largest number of printed messages, which bounds the page's memory. */
const MOST_PRINTED = 1000;

let linked: Linked | undefined;
/** URL of the program. */
let program = "";
let printed = 0;

const post = (message: Message): void => self.postMessage(message);
const publish = (text: string): string => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

function print(kind: Printed["kind"], text: string, line?: number): void {
  printed++;
  if (printed > MOST_PRINTED + 1) return;
  const shown = printed > MOST_PRINTED ? `… only the first ${MOST_PRINTED} are shown` : text;
  post({ kind: "printed", printed: line === undefined ? { kind, text: shown } : { kind, text: shown, line } });
}

/** Prints an error with modules' names instead of URLs, and the program's line. */
function printError(error: unknown): void {
  if (!(error instanceof Error)) {
    print("error", `thrown: ${format(error)}`);
    return;
  }
  let text = formatError(error);
  let line = error instanceof SourceError ? error.line : lineIn(error.stack ?? "");
  for (const [address, { name, line: imported }] of linked?.addresses ?? []) {
    if (!text.includes(address)) continue;
    text = text.replaceAll(address, name);
    line ??= imported;
  }
  print("error", text, line);
}

function lineIn(stack: string): number | undefined {
  const at = program === "" ? -1 : stack.indexOf(`${program}:`);
  return at < 0 ? undefined : Number.parseInt(stack.slice(at + program.length + 1), 10);
}

async function run(source: string): Promise<void> {
  const began = performance.now();
  try {
    linked = await link(await compile(source), modules, publish);
    program = publish(linked.code);
    await import(/* @vite-ignore */ program);
    post({ kind: "ended", failed: false, timeMs: performance.now() - began });
  } catch (error) {
    printError(error);
    post({ kind: "ended", failed: true, timeMs: performance.now() - began });
  }
}

for (const name of ["log", "info", "table", "dir"] as const)
  console[name] = (...values: unknown[]) => print("log", formatAll(values));
console.warn = (...values: unknown[]) => print("warn", formatAll(values));
console.error = (...values: unknown[]) => print("error", formatAll(values));
console.assert = (holds: unknown, ...values: unknown[]) => {
  if (!holds) print("error", formatAll(["Assertion failed:", ...values]));
};
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  printError(event.reason);
});
self.addEventListener("error", (event) => {
  event.preventDefault();
  printError(event.error ?? event.message);
});
self.addEventListener("message", ({ data }: MessageEvent<string>) => run(data), { once: true });
