import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Ended, run, start, TINY, workplace } from "./command-line.ts";

let folder: string;
beforeAll(async () => {
  folder = workplace();
  const talk = (i: number): string =>
    JSON.stringify({
      messages: [
        { role: "user", content: `how are you, number ${i}?` },
        { role: "assistant", content: "yes" },
      ],
    });
  writeFileSync(join(folder, "talk.jsonl"), Array.from({ length: 40 }, (_, i) => talk(i)).join("\n"));
  const words = ["--data", "talk.jsonl", ...TINY, "--dim", "32", "--context", "96", "--batch", "8", "--steps", "120"];
  expect((await run(folder, ...words, "--name", "a")).code).toBe(0);
  expect((await run(folder, "--data", "text.txt", ...TINY, "--steps", "2", "--name", "text")).code).toBe(0);
}, 120_000);

/** Talks through a pipe. */
function chat(input: string, ...words: string[]): Promise<Ended> {
  const { child, ended } = start(folder, "chat", ...words);
  child.stdin!.end(input);
  return ended;
}

test("a line in is a reply out, by the model's template, until it ends its turn", async () => {
  const { code, out, err } = await chat(
    "how are you, number 3?\n\nhow are you, number 99?\n",
    "a",
    "--temperature",
    "0",
  );
  expect(err).toBe("");
  expect(out).toBe("yes\nyes\n");
  expect(code).toBe(0);
});

test("an exported folder talks as its run does, and a reply is no longer than asked", async () => {
  expect((await run(folder, "export", "a", "out")).code).toBe(0);
  expect((await chat("how are you, number 3?", "out", "--temperature", "0", "--length", "2")).out).toBe("ye\n");
});

test("a message that is too long is refused in one line, and the next one is replied to", async () => {
  const { code, out, err } = await chat(`${"x".repeat(300)}\nhow are you, number 4?\n`, "a", "--temperature", "0");
  expect(err).toMatch(/^error: the message has \d+ tokens, the context only 96\n$/);
  expect(out).toBe("yes\n");
  expect(code).toBe(1);
});

test.each([
  [
    "a model of plain text",
    "text",
    /^error: the model has no chat template, so it cannot be talked to: --sample .*\n$/,
  ],
  ["a run that is not there", "ghost", /^error: no run ghost .*\n$/],
])("%s is refused in one line", async (_, name, message) => {
  const { code, out, err } = await chat("hi\n", name);
  expect(err).toMatch(message);
  expect(out).toBe("");
  expect(code).toBe(1);
});
