import { createTokenizer, formatTokenizer } from "@sumo/training";
import { strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { Problem } from "../problem.ts";
import { modelConfig, trainOptions } from "../runs/experiment.ts";
import type { RunRecord } from "../runs/run.ts";
import { dataSource, OWN_TEXT, type Text } from "../text/text.ts";
import { formatArchive, parseArchive } from "./archive.ts";

const TEXT: Text = { source: OWN_TEXT, bytes: strToU8("a whale is a fish ".repeat(50)) };

function record(name: string, text = TEXT): RunRecord {
  const choices = { size: "tiny", rank: 8, steps: 30, seed: 7 } as const;
  const data = dataSource(text);
  return {
    name,
    config: {
      options: trainOptions(choices, { optimizer: "sumo", lr: 0.01 }, data.source),
      data,
      model: modelConfig("tiny"),
    },
    tokenizer: formatTokenizer(createTokenizer([])),
    lines: [
      { step: 0, seconds: 0, validation: 5.5, sample: "The \u0000" },
      { step: 1, seconds: 0.1, loss: 5.4, tokensPerSecond: 10, captured: 0.5, refreshes: 2 },
    ],
    checkpoint: { step: 1, model: Uint8Array.of(1, 2, 3), optimizer: Uint8Array.of(4, 5) },
  };
}

/** The archive of one run with one of its files changed, or left out. */
function changed(name: string, content: string | undefined): Uint8Array {
  const { [`one/${name}`]: _, ...rest } = unzipSync(formatArchive([record("one")], TEXT));
  return zipSync(content === undefined ? rest : { ...rest, [`one/${name}`]: strToU8(content) });
}

test("runs come back as they were, with their text", () => {
  const records = [record("one"), { ...record("two"), lines: [], checkpoint: undefined }];
  expect(parseArchive(formatArchive(records, TEXT), "runs.zip")).toEqual({ records, text: TEXT });
});

test("a text that is built in is left out", () => {
  const builtIn = { ...TEXT, source: "moby-dick" };
  const bytes = formatArchive([record("one", builtIn)], builtIn);
  expect(Object.keys(unzipSync(bytes))).not.toContain(`one/${OWN_TEXT}`);
  expect(parseArchive(bytes, "runs.zip").text).toBeUndefined();
});

test("the files of one run may lie at the top; other files and compression do not matter", () => {
  const inFolder = unzipSync(formatArchive([record("one")], TEXT));
  const atTop = Object.fromEntries(Object.entries(inFolder).map(([path, bytes]) => [path.slice("one/".length), bytes]));
  const bytes = zipSync({ ...atTop, "report.html": strToU8("<p>") }, { level: 9 });
  expect(parseArchive(bytes, "mine.zip").records).toEqual([record("mine")]);
});

test("lines after the checkpoint are dropped: those steps are made again", () => {
  const bytes = changed("log.jsonl", '{"step":0,"seconds":0}\n{"step":1,"seconds":1}\n{"step":2,"seconds":2}\n');
  expect(parseArchive(bytes, "runs.zip").records[0]!.lines.map(({ step }) => step)).toEqual([0, 1]);
});

test.each<[string, string, string | undefined, RegExp]>([
  ["weights that changed", "model.safetensors", "other", /model.*not what was saved/],
  ["a state that is missing", "optimizer.safetensors", undefined, /optimizer\.safetensors is missing/],
  ["a log that is missing", "log.jsonl", undefined, /log\.jsonl is missing/],
  ["a log that is no JSON", "log.jsonl", "step 1\n", /line 1/],
  ["a tokenizer of another kind", "tokenizer.json", "{}", /tokenizer\.json/],
  ["another program's config", "config.json", '{"model_type":"llama"}', /another version/],
  ["a manifest without files", "checkpoint.json", '{"step":1}', /does not name/],
])("%s is refused by name", (_, name, content, message) => {
  const parse = () => parseArchive(changed(name, content), "runs.zip");
  expect(parse).toThrow(Problem);
  expect(parse).toThrow(message);
});

test("runs on different texts are refused", () => {
  const other = { source: OWN_TEXT, bytes: strToU8("another text ".repeat(80)) };
  const one = unzipSync(formatArchive([record("one")], TEXT));
  const two = unzipSync(formatArchive([record("two", other)], other));
  expect(() => parseArchive(zipSync({ ...one, ...two }), "runs.zip")).toThrow("different texts");
});
