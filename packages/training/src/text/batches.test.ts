import fc from "fast-check";
import { expect, test } from "vitest";
import { copySequence, drawBatch, emptyBatch, evenStarts } from "./batches.ts";

const text = Uint16Array.from({ length: 500 }, (_, i) => i);

test("every window is a piece of the text, and its targets are the pieces one token on", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 499 }),
      fc.nat(1000),
      fc.nat(1000),
      (batch, length, seed, draw) => {
        const shape = { batch, length };
        const out = emptyBatch(shape);
        drawBatch(out, text, shape, seed, draw);
        for (let i = 0; i < batch; i++) {
          const start = out.tokens[i * length]!;
          for (let t = 0; t < length; t++) {
            expect(out.tokens[i * length + t]).toBe(start + t);
            expect(out.targets[i * length + t]).toBe(start + t + 1);
          }
          expect(start + length).toBeLessThan(text.length);
        }
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

test("a draw is a function of seed and number; other seeds and numbers give other windows", () => {
  const shape = { batch: 8, length: 16 };
  const starts = (seed: number, draw: number): string => {
    const out = emptyBatch(shape);
    drawBatch(out, text, shape, seed, draw);
    return out.tokens.filter((_, i) => i % 16 === 0).join();
  };
  expect(starts(3, 7)).toBe(starts(3, 7));
  expect(new Set([starts(3, 7), starts(3, 8), starts(4, 7)]).size).toBe(3);
});

test("the parts of a step are one larger batch", () => {
  const whole = emptyBatch({ batch: 6, length: 16 });
  drawBatch(whole, text, { batch: 6, length: 16 }, 3, 7);
  const parts = [0, 1, 2].flatMap((part) => {
    const out = emptyBatch({ batch: 2, length: 16 });
    drawBatch(out, text, { batch: 2, length: 16 }, 3, 7, part);
    return [...out.tokens];
  });
  expect(parts).toEqual([...whole.tokens]);
});

test("every place is drawn, the last one too", () => {
  const shape = { batch: 64, length: 490 };
  const seen = new Set<number>();
  for (let draw = 0; draw < 20; draw++) {
    const out = emptyBatch(shape);
    drawBatch(out, text, shape, 0, draw);
    for (let i = 0; i < shape.batch; i++) seen.add(out.tokens[i * shape.length]!);
  }
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
});

test("even starts reach from the first token to the last target, in order, and fit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.integer({ min: 1, max: 100 }),
      fc.nat(1000),
      (count, length, extra) => {
        const starts = evenStarts(count, length + 1 + extra, length);
        expect(starts).toHaveLength(count);
        expect(starts[0]).toBe(0);
        expect(starts.at(-1)).toBe(extra);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
      },
    ),
    { seed: 1 },
  );
  expect(evenStarts(1, 10, 4)).toEqual([0]);
});

test("as many windows as fit cover every target but the first token", () => {
  const length = 7;
  const starts = evenStarts(Math.ceil(499 / length), text.length, length);
  const seen = new Set<number>();
  const out = emptyBatch({ batch: 1, length });
  for (const start of starts) {
    copySequence(out, 0, text, start, length);
    for (const target of out.targets) seen.add(target);
  }
  expect(seen.size).toBe(499);
});
