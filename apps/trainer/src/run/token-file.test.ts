import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { type Corpus, createCorpus, createTokenizer, DataError, emptyBatch, trainBpe } from "@sumo/training";
import { readText, type Text } from "@sumo/training/text";
import { expect, test } from "vitest";
import { fileCorpus } from "./token-file.ts";

const SIZES = { piece: 200, record: 900 };
const CONTEXT = 8;
const sentences = Array.from({ length: 120 }, (_, i) => `Whale ${i} spouted, l'été, near ${i * i} кита.\n`);
const learned = createTokenizer(trainBpe([new TextEncoder().encode(sentences.join(""))], 300));

/** A folder of files, and the text that they make. */
function textOf(parts: readonly string[]): Text {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "data"));
  for (const [i, part] of parts.entries()) writeFileSync(join(folder, "data", `${i}.txt`), part);
  return readText(join(folder, "data"));
}

const text = textOf([sentences.slice(0, 50).join(""), "", sentences.slice(50).join("")]);
const tokens = ({ train, validation }: Corpus): readonly number[][] =>
  [train, validation].map((part) => [...part.subarray(0, part.length)]);
const create = (runs: string, onEncoded: (done: number) => void = () => {}, tokenizer = learned): Corpus =>
  fileCorpus(text, tokenizer, CONTEXT, runs, onEncoded, SIZES);
const filesIn = (runs: string): string[] => readdirSync(join(runs, ".tokens")).sort();

test.each([
  ["learned", learned],
  ["bytes", createTokenizer([])],
  [
    "learned, of more than 65,536 tokens",
    createTokenizer(
      learned.merges,
      Array.from({ length: 2 ** 16 }, (_, i) => `<${i}>`),
    ),
  ],
])("%s: a file in pieces has the tokens and the batches of a text in memory", (_, tokenizer) => {
  const [file, memory] = [
    create(temporaryFolder(), undefined, tokenizer),
    createCorpus(text.bytes, tokenizer, CONTEXT),
  ];
  expect(tokens(file)).toEqual(tokens(memory));
  expect(file.bytesPerToken).toBe(memory.bytesPerToken);
  const shape = { batch: 3, length: CONTEXT };
  const batches = [file, memory].map((corpus) => {
    const out = emptyBatch(shape);
    corpus.draw(out, shape, { seed: 5, step: 7, microBatch: 1, accumulate: 2 });
    const drawn = [...out.tokens, ...out.targets];
    for (const _ of corpus.heldOut(out, shape, 100)) drawn.push(...out.tokens, ...out.targets);
    return drawn;
  });
  expect(batches[0]).toEqual(batches[1]);
});

test("ended after any piece, it goes on from its last record, and is made once", () => {
  const whole = tokens(create(temporaryFolder()));
  const pieces: number[] = [];
  create(temporaryFolder(), (done) => pieces.push(done));
  expect(pieces.length).toBeGreaterThan(20);
  for (const [i, end] of pieces.entries()) {
    const runs = temporaryFolder();
    const stop = (done: number): void => {
      if (done === end) throw new Error("ended");
    };
    expect(() => create(runs, stop)).toThrow("ended");
    const again: number[] = [];
    expect(tokens(create(runs, (done) => again.push(done)))).toEqual(whole);
    expect(again[0]!).toBeGreaterThan(end - SIZES.record - 2 * SIZES.piece);
    expect(again).toEqual(pieces.slice(pieces.indexOf(again[0]!)));
    if (i > 0) expect(again[0]).toBeLessThanOrEqual(pieces[Math.min(i + 1, pieces.length - 1)]!);
    create(runs, () => expect.unreachable("it is there already"));
  }
});

test("one that is damaged, cut short or without its record is made again", () => {
  const runs = temporaryFolder();
  const whole = tokens(create(runs));
  const [bin, json] = filesIn(runs).map((name) => join(runs, ".tokens", name)) as [string, string];
  const damages = [
    () => writeFileSync(bin, readFileSync(bin).fill(1, 100, 101)),
    () => truncateSync(bin, statSync(bin).size / 2),
    () => rmSync(bin),
    () => rmSync(json),
    () => writeFileSync(json, "{"),
    () => writeFileSync(json, readFileSync(json, "utf8").replace(/"tokens":\d/, '"tokens":1')),
  ];
  for (const damage of damages) {
    damage();
    expect(tokens(create(runs))).toEqual(whole);
  }
  writeFileSync(bin, Buffer.concat([readFileSync(bin), Buffer.from("more")])); // what another process wrote already
  expect(tokens(create(runs))).toEqual(whole);
});

test("another text or tokenizer has another file; a text that is too short is refused", () => {
  const runs = temporaryFolder();
  create(runs);
  create(runs, undefined, createTokenizer([]));
  const other = textOf([`${sentences.join("")}!`]);
  fileCorpus(other, learned, CONTEXT, runs, () => {}, SIZES);
  expect(filesIn(runs)).toHaveLength(6);
  expect(() => fileCorpus(text, learned, 100_000, runs, () => {}, SIZES)).toThrow(DataError);
});
