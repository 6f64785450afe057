import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CodeBlock, codeBlocks } from "@sumo/testing/markdown";
import { type TrainOptions, trainOptions } from "@sumo/training";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { lowerLoss } from "../evidence/verdict.ts";
import places from "../which/places.data.ts";
import { programOf } from "../which/program.ts";
import {
  type Answers,
  FRAMEWORKS,
  type Framework,
  MEMORY,
  type Panel,
  type Place,
  recommend,
  TIME,
  verdictOf,
} from "../which/recommend.ts";
import { root } from "./pages.ts";

const panels = places.load([join(root, "..", "bench", "results", "state.json")]);
const keysOf = <T extends object>(choices: T): (keyof T)[] => Object.keys(choices) as (keyof T)[];
const frameworks = keysOf(FRAMEWORKS);

/** Every combination of answers. */
const answers: readonly Answers[] = keysOf(MEMORY).flatMap((memory) =>
  keysOf(TIME).flatMap((time) => frameworks.map((framework) => ({ memory, time, framework }))),
);

/** Programs of all recommendations, each once. */
function programs(framework: Framework): readonly string[] {
  const found = panels.flatMap((panel) =>
    answers.filter((one) => one.framework === framework).map((one) => recommend(panel, one)),
  );
  const codes = found.filter((place) => place !== undefined).map((place) => programOf(place, framework).code);
  return [...new Set(codes)];
}

test("the map has a small batch to recommend from, AdamW in every part, and no place of fewer than three seeds", () => {
  expect(panels.map(({ tokens }) => tokens)).toContain(128);
  for (const panel of panels) {
    expect(panel.places.map(({ contestant }) => contestant)).toContain("AdamW");
    for (const { losses } of panel.places) expect(losses.length).toBeGreaterThanOrEqual(3);
  }
});

describe.each(panels)("at $tokens tokens", (panel) => {
  test("a recommendation keeps within its limits, where none is better, and none that ties has less state", () => {
    const adamw = panel.places.find(({ contestant }) => contestant === "AdamW")!;
    for (const { memory, time, framework } of answers) {
      const within = panel.places.filter(
        (place) =>
          place.bytes / adamw.bytes <= MEMORY[memory] &&
          (place.seconds ?? Number.POSITIVE_INFINITY) / adamw.seconds! <= TIME[time] &&
          FRAMEWORKS[framework](place.options),
      );
      const place = recommend(panel, { memory, time, framework });
      if (place === undefined) {
        expect(within).toEqual([]);
        continue;
      }
      expect(within).toContain(place);
      expect(within.filter((other) => lowerLoss(other, place) === "first")).toEqual([]);
      const lowest = within.reduce((a, b) => (b.mean < a.mean ? b : a));
      const tied = within.filter((other) => lowerLoss(other, lowest) === "tie");
      expect(place.bytes).toBe(Math.min(...tied.map(({ bytes }) => bytes)));
    }
  });

  test("more memory, or more time, never ends in a worse one", () => {
    const expectNoWorse = (more: Answers, less: Answers): void => {
      const [a, b] = [recommend(panel, more), recommend(panel, less)];
      if (b !== undefined) expect(lowerLoss(a!, b)).not.toBe("second");
    };
    for (const one of answers) {
      for (const memory of keysOf(MEMORY).filter((name) => MEMORY[name] > MEMORY[one.memory]))
        expectNoWorse({ ...one, memory }, one);
      for (const time of keysOf(TIME).filter((name) => TIME[name] > TIME[one.time]))
        expectNoWorse({ ...one, time }, one);
    }
  });
});

test("a verdict says by how much, and ties where the seeds do not tell apart", () => {
  const place = (contestant: string, mean: number, bytes: number): Place => ({
    contestant,
    mean,
    deviation: 0.01,
    losses: [mean, mean, mean],
    lr: 1e-3,
    options: { optimizer: "adamw" },
    bytes,
    seconds: bytes,
  });
  const [adamw, muon, small] = [place("AdamW", 1.9, 100), place("Muon", 1.7, 50), place("SUMO", 1.705, 20)];
  const panel: Panel = { tokens: 1024, places: [adamw, muon, small] };
  expect(verdictOf(small, panel)).toEqual([
    "At 1,024 tokens a step it ends at 1.705 nats a byte: it is better than AdamW by 0.195 nats, and ties with Muon.",
    "Its state is 20 % of AdamW's; it takes 0.2 times AdamW's time for as many tokens.",
  ]);
  expect(verdictOf(adamw, panel)).toEqual([
    "At 1,024 tokens a step it ends at 1.900 nats a byte: it is worse than Muon by 0.200 nats.",
  ]);
});

/** The programs of a framework, each once, as blocks of a page. */
function blocks(framework: Framework): readonly CodeBlock[] {
  const folder = mkdtempSync(join(tmpdir(), "which-"));
  const page = join(folder, "programs.md");
  writeFileSync(
    page,
    programs(framework)
      .map((code) => `\`\`\`ts\n${code}\`\`\`\n`)
      .join("\n"),
  );
  const found = codeBlocks(page, import.meta.dirname);
  rmSync(folder, { recursive: true });
  return found;
}

describe("the programs", () => {
  beforeAll(() => tf.setBackend("cpu"));

  const runnable = frameworks
    .filter((name) => name !== "the trainer")
    .flatMap((framework) => blocks(framework).map((block, i) => [framework, i + 1, block] as const));

  test.each(runnable)("%s, program %i runs, and has the state that it should", async (framework, _, { code, run }) => {
    const [[stateBytes]] = (await run()) as [[number]];
    // Muon without momentum keeps nothing of a hidden matrix; the model of tfjs has other variables.
    const isEmpty = framework !== "tfjs" && /momentum: 0[ ,]/.test(code);
    expect(stateBytes > 0).toBe(!isEmpty);
  });

  test("the trainer takes every option", () => {
    const commands = programs("the trainer");
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const flags = Array.from(command.matchAll(/--([\w-]+) (\S+)/g), ([, flag, value]) => [
        flag!.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
        Number.isNaN(Number(value)) ? value : Number(value),
      ]);
      const options = Object.fromEntries(flags) as unknown as TrainOptions;
      expect(trainOptions(options)).toEqual(options);
    }
  });
});

/** Needs in the README's first table. */
const NEEDS: Readonly<Record<string, readonly [tokens: number, Partial<Answers>]>> = {
  "few tokens in a step": [128, {}],
  "many tokens in a step": [1024, {}],
  "little memory": [128, { memory: "a fifth of AdamW's" }],
  "little time, few tokens": [128, { time: "one and a half times AdamW's" }],
  "little time, many tokens": [1024, { time: "one and a half times AdamW's" }],
};

test("the README's first table has the recommendations, with their numbers", () => {
  const readme = readFileSync(join(root, "..", "README.md"), "utf8");
  const [table] = /(?:^\|.*\|\n)+/m.exec(readme)!;
  const rows = table.trim().split("\n").slice(2);
  const expected = Object.entries(NEEDS).map(([need, [tokens, limits]]) => {
    const panel = panels.find((one) => one.tokens === tokens)!;
    const all = { memory: "as much as AdamW's", time: "does not matter", framework: "my own loop" } as const;
    const { contestant, mean, deviation, bytes, seconds } = recommend(panel, { ...all, ...limits })!;
    const adamw = panel.places.find((place) => place.contestant === "AdamW")!;
    const gain = (adamw.mean - mean).toFixed(3);
    return `| ${[
      need,
      contestant,
      `${mean.toFixed(3)} ± ${deviation.toFixed(3)}, ${gain} below AdamW`,
      `${((100 * bytes) / adamw.bytes).toFixed(0)} %`,
      (seconds! / adamw.seconds!).toFixed(1),
    ].join(" | ")} |`;
  });
  expect(rows).toEqual(expected);
});
