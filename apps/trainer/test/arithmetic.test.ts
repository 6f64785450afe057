import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { losses, run, start, workplace } from "./command-line.ts";

/** Whether a sum is asked in the end and never seen before: one of ten, with every pair of last digits among the others. */
const isHeldOut = (n: number, d: number): boolean => (Math.floor(n / 10) + 3 * n + 7 * d) % 10 === 0;

const sums = Array.from({ length: 1000 }, (_, i) => ({ n: Math.floor(i / 10), d: i % 10 }));
/** @param options - what there is to choose from, beside the sum: off by one, and by ten. */
const conversation = ({ n, d }: (typeof sums)[number], options: boolean): string =>
  JSON.stringify({
    ...(options && { options: [n + d + 1, n + d, n + d + 10].map(String) }),
    messages: [
      { role: "user", content: `${n}+${d}` },
      { role: "assistant", content: String(n + d) },
    ],
  });

test("a published model that learned sums from conversations answers sums that it never saw", async () => {
  const folder = workplace();
  const known = sums.filter(({ n, d }) => !isHeldOut(n, d));
  writeFileSync(join(folder, "sums.jsonl"), known.map((sum) => conversation(sum, sum.d < 5)).join("\n"));
  const shape = ["--dim", "64", "--layers", "2", "--heads", "4", "--context", "32"];
  await run(folder, "--data", "sums.jsonl", ...shape, "--steps", "1", "--name", "base");
  await run(folder, "export", "base", "published");
  writeFileSync(
    join(folder, "published", "chat_template.jinja"),
    "{% for m in messages %}{{ '<|im_start|>' + m.content + '=' if m.role == 'user' else m.content + '<|im_end|>' }}{% endfor %}",
  );
  const rates = ["--lr", "0.01", "--aux-lr", "0.02"];
  const measured = ["--eval-every", "200", "--eval-answers", "1000", "--checkpoint-every", "1000"];
  const words = ["--context", "10", "--batch", "64", "--steps", "400", ...measured, "--name", "tuned"];
  const tuned = await run(folder, "--init", "published", "--data", "sums.jsonl", ...rates, ...words);
  expect(tuned.err).toBe("");
  expect(tuned.code).toBe(0);

  const exact = losses(folder, "tuned").flatMap((line) => line.exact ?? []);
  expect(exact).toHaveLength(4); // at steps 0, 200 and 400, and at the end
  expect(exact[0]).toBe(0);
  expect(exact[3]).toBeGreaterThan(0.9);
  expect(tuned.out).toContain(`${(100 * exact[3]!).toFixed(1)} % of the held-out answers are exact`);
  const accuracy = losses(folder, "tuned").flatMap((line) => line.accuracy ?? []);
  expect(accuracy).toHaveLength(4);
  expect(accuracy[0]).toBeLessThan(0.7);
  expect(accuracy[3]).toBeGreaterThan(0.9);
  expect(tuned.out).toContain(`${(100 * accuracy[3]!).toFixed(1)} % of the held-out options are chosen right`);
  expect(tuned.out).toMatch(/exact [\d.]+ % {2}accuracy [\d.]+ %/);
  expect(tuned.out).toMatch(/nats per token \(perplexity [\d.]+\)/);

  const asked = sums.filter(({ n, d }) => isHeldOut(n, d));
  // No room for earlier turns: each question is the first.
  const { child, ended } = start(folder, "chat", "tuned", "--temperature", "0", "--context", "12");
  child.stdin!.end(asked.map(({ n, d }) => `${n}+${d}\n`).join(""));
  const replies = (await ended).out.split("\n");
  expect(replies).toHaveLength(asked.length + 1);
  const right = asked.filter(({ n, d }, i) => replies[i] === String(n + d)).length;
  expect(right / asked.length).toBeGreaterThan(0.9);
}, 300_000);
