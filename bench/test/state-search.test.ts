import { expect, test } from "vitest";
import { nextRate, nextRun } from "../state/search.js";

const wanted = {
  widths: [64, 128],
  tokens: [128, 1024],
  contestants: [
    ["a", 1e-3],
    ["b", 4e-3],
  ],
  seeds: [0, 1, 2],
};

interface Run {
  readonly width: number;
  readonly tokens: number;
  readonly contestant: string;
  readonly lr: number;
  readonly seed: number;
  readonly loss: number | null;
}

/** All runs of a map whose loss is a parabola in log2 of the rate. */
function completed(bestRate: (contestant: string, width: number) => number, divergesAbove = Infinity): readonly Run[] {
  const rows: Run[] = [];
  for (;;) {
    const run = nextRun(rows, wanted);
    if (run === undefined) return rows;
    const { width, tokens, contestant, lr, seed } = run;
    const off = Math.log2(lr / bestRate(contestant, width));
    rows.push({ width, tokens, contestant, lr, seed, loss: lr > divergesAbove ? null : 2 + off ** 2 });
    if (rows.length > 1000) expect.fail("the search does not end");
  }
}

test("every contestant is tuned until its best rate has a worse one on either side, and runs with all seeds at it", () => {
  const rows = completed((contestant, width) => (contestant === "a" ? 8e-3 : 1e-3) * (128 / width));
  for (const width of wanted.widths) {
    for (const tokens of wanted.tokens) {
      for (const [contestant] of wanted.contestants) {
        const runs = rows.filter(
          (row) => row.width === width && row.tokens === tokens && row.contestant === contestant,
        );
        const rates = runs.filter(({ seed }) => seed === 0).map(({ lr }) => lr);
        const best = (contestant === "a" ? 8e-3 : 1e-3) * (128 / width);
        expect(rates).toEqual(expect.arrayContaining([best / 2, best, best * 2]));
        expect(new Set(rates).size).toBe(rates.length);
        expect(runs.filter(({ seed }) => seed !== 0).map(({ lr, seed }) => [lr, seed])).toEqual([
          [best, 1],
          [best, 2],
        ]);
      }
    }
  }
  const firstOther = rows.findIndex(({ seed }) => seed !== 0);
  expect(rows.slice(firstOther).every(({ seed }) => seed !== 0)).toBe(true);
});

test("a rate at which training diverges is a worse one, and not where the search stays", () => {
  const rows = completed(() => 1e-3, 1e-3);
  for (const { lr, seed } of rows) if (seed > 0) expect(lr).toBe(1e-3);
  expect(nextRate([{ lr: 4e-3, loss: null }], 4e-3)).toBe(2e-3);
  const diverged = [
    { lr: 4e-3, loss: null },
    { lr: 2e-3, loss: null },
  ];
  expect(nextRate(diverged, 4e-3)).toBe(1e-3);
});
