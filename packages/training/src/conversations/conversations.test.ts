import { createWasmEngine } from "@sumo/linalg";
import { llamaConfig } from "@sumo/llama";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import type { TrainOptions } from "../options/train-options.ts";
import { emptyBatch } from "../text/batches.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { Trainer } from "../training/trainer.ts";
import { CHATML_MARKS, chatFormat } from "./chat-format.ts";
import { createConversations } from "./conversations.ts";

const tokenizer = createTokenizer([], CHATML_MARKS);
const format = chatFormat({}, tokenizer);
const END = tokenizer.special.get(CHATML_MARKS[1]!)!;
const options = { tokenizer, format, context: 12, loss: "completion" as const };
/** Example i: a prompt of one letter and a completion of 1 to 7. */
const examples = Array.from({ length: 25 }, (_, i) => ({
  prompt: String.fromCharCode(65 + i),
  completion: String.fromCharCode(97 + i).repeat(1 + (i % 7)),
}));
const SHAPE = { batch: 4, length: 12 };

/** Rows of a batch as texts, with "." where nothing is to be predicted. */
function rowsOf(fill: (batch: ReturnType<typeof emptyBatch>) => void): string[] {
  const batch = emptyBatch(SHAPE);
  fill(batch);
  const letter = (token: number): string => (token === END ? "$" : token <= 0 ? "." : String.fromCharCode(token));
  return Array.from({ length: SHAPE.batch }, (_, i) =>
    Array.from(batch.targets.subarray(i * SHAPE.length, (i + 1) * SHAPE.length), letter).join(""),
  );
}
const expected = ({ completion }: (typeof examples)[number]): string => `${completion}$`.padEnd(SHAPE.length, ".");

test("an example is a row: what follows each of its tokens where that is to be learned, and nothing else", () => {
  const { draw, facts } = createConversations(examples, options);
  const place = { seed: 0, step: 0, microBatch: 0, accumulate: 1 };
  for (const row of rowsOf((batch) => draw(batch, SHAPE, place))) expect(examples.map(expected)).toContain(row);
  const letters = examples.reduce((sum, { completion }) => sum + completion.length, 0);
  expect(facts).toEqual({
    examples: 25,
    heldOut: 2,
    tokens: 25 * 2 + letters,
    trained: 25 + letters,
    cut: 0,
    leftOut: 0,
    rows: 25,
  });
  const batch = emptyBatch(SHAPE);
  draw(batch, SHAPE, place);
  const prompt = batch.tokens[0]!;
  expect(batch.targets[0]).toBe(prompt + 32); // the letter's small form follows it
});

test("each training example comes once before any comes again, however a step is cut; each held-out one once in all", () => {
  const { draw, heldOut } = createConversations(examples, options);
  const seen = (accumulate: number, steps: number, seed: number): string[] =>
    Array.from({ length: steps * accumulate }, (_, i) => {
      const place = { seed, step: Math.floor(i / accumulate), microBatch: i % accumulate, accumulate };
      return rowsOf((batch) => draw(batch, SHAPE, place));
    }).flat();
  const rows = seen(1, 12, 3);
  expect(new Set(rows.slice(0, 23)).size).toBe(23);
  expect(new Set(rows.slice(23, 46)).size).toBe(23);
  expect(rows.slice(23, 46)).not.toEqual(rows.slice(0, 23));
  expect(seen(3, 4, 3)).toEqual(rows);
  expect(seen(1, 12, 4)).not.toEqual(rows);

  const batch = emptyBatch(SHAPE);
  const measured = rowsOf((out) => {
    for (const _ of heldOut(batch, SHAPE, 1e9)) out.targets.set(batch.targets);
  });
  expect(measured.slice(2)).toEqual(["............", "............"]); // two held out, and two rows of nothing
  const [first, second] = measured;
  expect([...new Set([...rows.slice(0, 23), first, second])].sort()).toEqual(examples.map(expected).sort());
  expect([...heldOut(batch, SHAPE, 1)]).toHaveLength(1);
});

test("packed, examples fill fewer rows, each of which begins its positions anew for every example", () => {
  const { draw, facts } = createConversations(examples, { ...options, pack: true });
  const { facts: alone } = createConversations(examples, options);
  expect(facts.rows).toBeLessThan(alone.rows);
  expect({ ...facts, rows: alone.rows }).toEqual(alone);
  const batch = emptyBatch(SHAPE);
  const seen: string[] = [];
  for (let step = 0; step < Math.ceil(facts.rows / SHAPE.batch); step++) {
    draw(batch, SHAPE, { seed: 1, step, microBatch: 0, accumulate: 1 });
    const starts = [...batch.positions.keys()].filter((i) => batch.positions[i] === 0);
    for (const [k, from] of starts.entries()) {
      const span = [from, starts[k + 1] ?? batch.positions.length] as const;
      expect(Array.from(batch.positions.subarray(...span))).toEqual(
        Array.from({ length: span[1] - from }, (_, i) => i),
      );
      const [prompt] = batch.tokens.subarray(...span);
      if (batch.targets[from] === -1) continue; // what fills the row up
      expect(batch.targets[from]).toBe(prompt! + 32);
      seen.push(String.fromCharCode(prompt!));
    }
    for (let row = 0; row < SHAPE.batch; row++) expect(batch.positions[row * SHAPE.length]).toBe(0);
  }
  expect(new Set(seen).size).toBe(23); // every training example
});

test("packed and alone, the same examples make the same step, and the same validation loss", () => {
  const few = examples.slice(0, 5);
  const [alone, packed] = [undefined, true].map((pack) => {
    const conversations = createConversations(few, { ...options, context: 40, pack });
    const batch = pack ? 1 : 4; // all four training examples
    const trainer = new Trainer({ ...model, context: 40 }, { ...RUN, context: 40, batch }, conversations, {
      engine: createWasmEngine({ bytes: 2 ** 26 }),
    });
    const before = trainer.evaluate(1e9);
    const losses = [trainer.trainStep(), trainer.trainStep()];
    return { rows: conversations.facts.rows, before, losses, parameters: trainer.model.parameters };
  });
  expect([alone!.rows, packed!.rows]).toEqual([5, 2]);
  expect(packed!.before.tokens).toBe(alone!.before.tokens);
  expect(packed!.before.loss).toBeCloseTo(alone!.before.loss, 5);
  for (const [i, loss] of alone!.losses.entries()) expect(packed!.losses[i]).toBeCloseTo(loss, 5);
  const hidden = alone!.parameters.filter(({ kind }) => kind === "hidden");
  for (const { name, data } of hidden) {
    const other = packed!.parameters.find((parameter) => parameter.name === name)!.data;
    expect(Math.max(...data.map((x, k) => Math.abs(x - other[k]!))), name).toBeLessThan(1e-6);
  }
});

test("what is longer than the context is cut, and counted; what has nothing left to learn is left out, and counted", () => {
  const long = [
    ...examples,
    { prompt: "x", completion: "y".repeat(30) },
    { prompt: "x".repeat(30), completion: "y" },
    { messages: [{ role: "user", content: "?" }] },
  ];
  const { facts } = createConversations(long, options);
  expect(facts).toMatchObject({ examples: 28, cut: 2, leftOut: 2, heldOut: 2 });
  expect(createConversations(long, { ...options, loss: "all" }).facts).toMatchObject({ cut: 2, leftOut: 1 });
  expect(() => createConversations(long.slice(26), options)).toThrow(DataError);
  expect(() => createConversations(long.slice(24, 25), options)).toThrow("1 of 1 examples have anything to train on");
});

test("held-out questions have their options with the end of the turn; those of which one is cut are left out", () => {
  const asked = examples.map(({ prompt, completion }, i) => ({
    prompt: i === 24 ? "" : prompt,
    completion,
    options: ["no", completion, ...(i === 0 ? ["y".repeat(12)] : [])],
  }));
  const { answers, choices } = createConversations(asked, options);
  const text = (tokens: Int32Array): string => new TextDecoder().decode(tokenizer.decode(Array.from(tokens)));
  expect(answers.map(({ prompt, answer }) => [text(prompt), text(answer)])).toEqual([
    ["A", `a${CHATML_MARKS[1]}`],
    ["y", `yyy${CHATML_MARKS[1]}`], // the first token is never predicted
  ]);
  expect(choices).toHaveLength(1);
  expect(choices[0]!.right).toBe(1);
  expect(choices[0]!.options.map(({ prompt, answer }) => [text(prompt), text(answer)])).toEqual([
    ["n", `o${CHATML_MARKS[1]}`],
    ["y", `yyy${CHATML_MARKS[1]}`],
  ]);
  expect(createConversations(asked, { ...options, loss: "all" }).choices).toEqual([]);
});

test("an option of a conversation stands for its last reply", () => {
  const turn = (role: string, content: string) => ({ role, content });
  const messages = [turn("user", "a"), turn("assistant", "b"), turn("user", "c"), turn("assistant", "d")];
  const talks = [1, 2].map(() => ({ messages, options: ["e", "d"] }));
  const { choices } = createConversations(talks, { ...options, context: 200 });
  expect(choices).toHaveLength(1);
  const written = choices[0]!.options.map(({ prompt, answer }) =>
    new TextDecoder().decode(tokenizer.decode([...prompt, ...answer])),
  );
  const upTo = (reply: string) => format.render([...messages.slice(0, 3), turn("assistant", reply)], false).trimEnd();
  expect(written).toEqual(["e", "d"].map(upTo));
});

const RUN = {
  ...{
    optimizer: "sgd",
    lr: 0.1,
    momentum: 0,
    auxLr: 1e-3,
    beta2: 0.99,
    weightDecay: 0,
    schedule: "constant",
    warmup: 0,
  },
  ...{ finalLr: 1, context: 12, steps: 8, batch: 4, accumulate: 1, seed: 0 },
} as TrainOptions;
const model = llamaConfig({ vocabSize: tokenizer.size, dim: 16, layers: 1, heads: 2, context: 12 });

test("micro-batches with unlike numbers of targets make the step of one batch of all their rows", () => {
  const conversations = createConversations(examples, options);
  const [whole, parts] = [RUN, { ...RUN, batch: 1, accumulate: 4 }].map((run) => {
    const trainer = new Trainer(model, run, conversations, { engine: createWasmEngine({ bytes: 2 ** 26 }) });
    const losses = [trainer.trainStep(), trainer.trainStep()];
    return { losses, hidden: trainer.model.parameters.filter(({ kind }) => kind === "hidden") };
  });
  for (const [i, loss] of whole!.losses.entries()) expect(parts!.losses[i]).toBeCloseTo(loss, 5);
  for (const [i, { name, data }] of whole!.hidden.entries()) {
    const apart = data.map((x, k) => Math.abs(x - parts!.hidden[i]!.data[k]!));
    expect(Math.max(...apart), name).toBeLessThan(1e-6);
  }
});

test("the validation loss is the mean over held-out targets, however they are cut into batches", () => {
  const conversations = createConversations(examples, options);
  const losses = [1, 2, 4].map((batch) => {
    const engine = createWasmEngine({ bytes: 2 ** 26 });
    return new Trainer(model, { ...RUN, batch }, conversations, { engine }).evaluate(1e9);
  });
  const heldOut = losses[0]!;
  for (const { loss, tokens } of losses) {
    expect(tokens).toBe(heldOut.tokens);
    expect(Math.abs(loss - heldOut.loss)).toBeLessThan(1e-6);
  }
  const letters = heldOut.tokens - conversations.facts.heldOut; // the ends are no text
  expect(conversations.bytesPerToken).toBeCloseTo(letters / heldOut.tokens, 12);
});
