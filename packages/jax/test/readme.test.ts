import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { expect, test } from "vitest";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname);

test("the README's one program learns, and says what its parameters got", async () => {
  expect(blocks).toHaveLength(1);
  const lines = (await blocks[0]!.run()).map((values) => values.join(" "));
  const losses = lines.slice(0, -1).map((line) => Number(line.split(" ")[1]));
  expect(losses).toHaveLength(4);
  expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
  expect(lines.at(-1)).toBe("kernel: sumo, bias: adamw");
});
