import { expect, test } from "vitest";
import { run, TINY, workplace } from "./command-line.ts";

test("a trained model writes on from the prompt, the same for the same seed, past its context too", async () => {
  const folder = workplace();
  const trained = await run(
    folder,
    "--data",
    "text.txt",
    ...TINY,
    "--steps",
    "300",
    "--batch",
    "8",
    "--dim",
    "32",
    "--name",
    "a",
  );
  expect(trained.code).toBe(0);
  const sample = (...words: string[]): Promise<string> => run(folder, "--sample", "a", ...words).then(({ out }) => out);
  const greedy = await sample("--prompt", "the quick ", "--temperature", "0", "--length", "60");
  expect(greedy).toMatch(/^the quick brown fox/);
  expect(greedy).toHaveLength("the quick ".length + 60 + 1);
  const drawn = ["--prompt", "the ", "--temperature", "3", "--length", "30"];
  const [a, again, other] = [await sample(...drawn), await sample(...drawn), await sample(...drawn, "--seed", "5")];
  expect(again).toBe(a);
  expect(other).not.toBe(a);
  expect(await sample(...drawn, "--top-k", "1")).toBe(
    await sample("--prompt", "the ", "--temperature", "0", "--length", "30"),
  );
});
