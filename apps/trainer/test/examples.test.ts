import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { logged, losses, run, start, TINY, workplace } from "./command-line.ts";

const WORDS = ["--data", "sums.jsonl", ...TINY, "--context", "48", "--steps", "6", "--eval-every", "3"];
const TUNE = WORDS.filter((word, i) => !["--dim", "--layers", "--heads"].some((o) => [word, WORDS[i - 1]].includes(o)));

const talk = (i: number): object => ({
  messages: [
    { role: "user", content: `${i} + ${i}?` },
    { role: "assistant", content: String(2 * i) },
  ],
});
const lines = (examples: readonly object[]): string => examples.map((example) => JSON.stringify(example)).join("\n");

/** A folder to run in, with examples. */
function withExamples(examples: readonly object[] = Array.from({ length: 40 }, (_, i) => talk(i))): string {
  const folder = workplace();
  writeFileSync(join(folder, "sums.jsonl"), lines(examples));
  return folder;
}

test("conversations are trained on, with marks of turns in the vocabulary; a killed run goes on with the same bits", async () => {
  const folder = withExamples();
  const { code, out, err } = await run(folder, ...WORDS, "--name", "a");
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toMatch(/sums\.jsonl: 40 examples, [\d,]+ tokens, [\d,]+ of them to predict; 4 held out\n/);
  expect(losses(folder, "a").at(-1)!.final!.tokens).toBeGreaterThan(4);
  const tokenizer = JSON.parse(readFileSync(join(folder, "runs", "a", "tokenizer.json"), "utf8"));
  expect(tokenizer.added_tokens.map(({ content }: { content: string }) => content)).toEqual([
    "<|im_start|>",
    "<|im_end|>",
  ]);
  const { child, ended } = start(folder, ...WORDS, "--steps", "100", "--checkpoint-every", "3", "--name", "b");
  await logged(folder, "b", 6);
  child.kill("SIGTERM");
  await ended;
  expect((await run(folder, "--resume", "b")).code).toBe(0);
  await run(folder, ...WORDS, "--steps", "100", "--name", "whole");
  expect(losses(folder, "b")).toEqual(losses(folder, "whole"));
});

test("the model's own template is used, from its folder and from a run of it", async () => {
  const folder = withExamples();
  await run(folder, ...WORDS, "--name", "base");
  await run(folder, "export", "base", "model");
  const template =
    "{% for m in messages %}<|im_start|>{{ m.role[0] }}:{{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>a:{% endif %}";
  writeFileSync(join(folder, "model", "chat_template.jinja"), template);
  const tokensOf = (out: string): number => Number(/examples, ([\d,]+) tokens/.exec(out)![1]!.replace(",", ""));
  const own = tokensOf((await run(folder, ...TUNE, "--init", "model", "--name", "a")).out);
  const again = tokensOf((await run(folder, ...TUNE, "--init", "a", "--name", "b")).out);
  expect(again).toBe(own);
  expect(own).toBeLessThan(tokensOf((await run(folder, ...TUNE, "--init", "base", "--name", "c")).out));
  expect((await run(folder, "--resume", "a", "--steps", "8")).code).toBe(0);
});

test("prompts and completions, and texts, are examples too; all of them can be learned", async () => {
  const folder = withExamples(
    [...Array(20)].flatMap((_, i) => [{ prompt: `${i}`, completion: "!" }, { text: `n${i}` }]),
  );
  const predicted = async (...words: string[]): Promise<string> =>
    /([\d,]+) of them/.exec((await run(folder, ...WORDS, ...words)).out)![1]!;
  const [completions, all] = [await predicted("--name", "a"), await predicted("--loss", "all", "--name", "b")];
  expect(Number(completions)).toBeLessThan(Number(all));
});

test("packed examples take fewer contexts; a killed run of them goes on with the same bits", async () => {
  const folder = withExamples(Array.from({ length: 60 }, (_, i) => ({ prompt: "p".repeat(i % 9), completion: "c" })));
  const words = [...WORDS, "--pack", "--steps", "100", "--checkpoint-every", "3"];
  const { child, ended } = start(folder, ...words, "--name", "a");
  await logged(folder, "a", 6);
  child.kill("SIGTERM");
  await ended;
  expect((await run(folder, "--resume", "a")).code).toBe(0);
  const { out } = await run(folder, ...words, "--name", "whole");
  const [, rows] = /60 examples, .*; 6 held out; packed into (\d+) contexts\n/.exec(out)!;
  expect(Number(rows)).toBeLessThan(20);
  expect(losses(folder, "a")).toEqual(losses(folder, "whole"));
});

test("long examples are cut, and said to be", async () => {
  const folder = withExamples([...Array(20)].map((_, i) => ({ prompt: "p".repeat(i * 4), completion: "c".repeat(9) })));
  expect((await run(folder, ...WORDS, "--name", "a")).out).toMatch(/; 10 cut at the context; 7 left out, with nothing/);
});

test.each([
  ["a line that is not JSON", lines([talk(1), talk(2)]).replace("}]}\n", "}]\n"), [], /line 1 is not JSON/],
  ["an example of no kind", lines([talk(1), { instruction: "a" }]), [], /line 2 has neither messages/],
  ["messages of parts", lines([{ messages: [{ role: "user", content: [] }] }]), [], /line 1: messages are/],
  ["no reply", lines([{ messages: [{ role: "user", content: "?" }] }]), [], /0 of 1 examples have anything/],
  ["--loss for a text", undefined, ["--data", "text.txt", "--loss", "all"], /--loss is for examples/],
  ["--pack for a text", undefined, ["--data", "text.txt", "--pack"], /--pack is for examples/],
])("%s is refused in one line", async (_, content, words, message) => {
  const folder = withExamples();
  if (content !== undefined) writeFileSync(join(folder, "sums.jsonl"), content);
  const { code, err } = await run(folder, ...WORDS, ...words, "--name", "a");
  expect(code).toBe(1);
  expect(err).toMatch(/^error: .*\n$/);
  expect(err).toMatch(message);
});

test.each([
  ["a text", ["--data", "text.txt", ...TINY]],
  ["examples that are texts", ["--data", "texts.jsonl", ...TINY]],
  ["examples that are learned whole", [...WORDS, "--loss", "all"]],
  ["replies that are cut", WORDS],
])("exact answers are refused for %s, in one line, before the run begins", async (_, words) => {
  const folder = withExamples(Array.from({ length: 20 }, () => talk(1e9)));
  writeFileSync(join(folder, "texts.jsonl"), lines(Array.from({ length: 20 }, (_, i) => ({ text: `number ${i}` }))));
  const { code, err } = await run(folder, ...words, "--eval-answers", "5", "--name", "a");
  expect(code).toBe(1);
  expect(err).toMatch(/^error: --eval-answers is for examples with replies or completions, .*\n$/);
  expect(existsSync(join(folder, "runs", "a"))).toBe(false);
});
