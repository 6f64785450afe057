import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { axisOf } from "../charts/axis.ts";
import { type DotRow, tableOf } from "../charts/rows.ts";
import defaults from "../evidence/defaults.data.ts";
import factorizations from "../evidence/factorizations.data.ts";
import finetuning from "../evidence/finetuning.data.ts";
import gpu from "../evidence/gpu.data.ts";
import products from "../evidence/products.data.ts";
import shakespeare from "../evidence/shakespeare.data.ts";
import speed from "../evidence/speed.data.ts";
import state, { findingsOf } from "../evidence/state.data.ts";
import tfjs from "../evidence/tfjs.data.ts";
import tfjsSteps from "../evidence/tfjs-steps.data.ts";
import { lowerLoss } from "../evidence/verdict.ts";
import scaling from "../guide/mpi.data.ts";
import { root } from "./pages.ts";

const evidence = join(root, "evidence");
const results = join(root, "..", "bench", "results");
const committed = <T>(name: string): T => JSON.parse(readFileSync(join(results, name), "utf8"));

/** Calls a loader as VitePress does, with the files that it watches. */
function loaded<T>({ watch, load }: { watch: readonly string[]; load: (files: readonly string[]) => T }): T {
  const files = watch.flatMap((pattern) => {
    const [folder, name] = [join(evidence, pattern, ".."), pattern.split("/").at(-1)!];
    return name === "*.json" ? readdirSync(folder).map((file) => join(folder, file)) : [join(folder, name)];
  });
  return load(files);
}

describe("the pages of evidence", () => {
  test.each(readdirSync(evidence).filter((name) => name.endsWith(".md")))(
    "%s holds no measured number of its own",
    (name) => {
      const text = readFileSync(join(evidence, name), "utf8");
      const prose = text
        .replaceAll(/^```.*?^```/gms, "")
        .replaceAll(/`[^`]*`/g, "")
        .replaceAll(/\{\{.*?\}\}/gs, "");
      expect(prose.match(/\d+[.,]\d+|\d+ %|\d+ ms/g)).toBeNull();
    },
  );

  test.each([
    ["factorizations", () => loaded(factorizations)],
    ["products", () => loaded(products)],
  ] as const)("%s: every target is listed once, and counts as met if the median is within its limit", (name, load) => {
    const file = committed<{ results: { targets: { median: number; limit: number }[] }[] }>(`linalg-${name}.json`);
    const targets = file.results.flatMap((result) => result.targets);
    const page = load();
    expect(page.missed.rows.length).toBe(targets.filter(({ median, limit }) => median > limit).length);
    expect(page.met.rows.length).toBe(targets.filter(({ median, limit }) => median <= limit).length);
    expect(targets.length).toBeGreaterThan(0);
  });

  test("factorizations: a mark is hollow exactly where its result is listed as not right", () => {
    const { charts, errors } = loaded(factorizations);
    const hollow = charts.flatMap(({ rows }) =>
      rows.flatMap(({ label, dots }) => dots.filter(({ wrong }) => wrong).map(({ series }) => `${label}: ${series}`)),
    );
    expect(hollow.sort()).toEqual(errors.rows.map(([task, whose]) => `${task}: ${whose}`).sort());
  });

  test("scaling: ranks send the bytes that are planned, and projections win by their factor where the link is slow", () => {
    const { links } = committed<{
      links: { bitsPerSecond: number; sums: string; bytes: number; plannedBytes: number; waitedMs: number }[];
    }>("scaling.json");
    for (const { bytes, plannedBytes } of links) expect(Math.abs(bytes / plannedBytes - 1)).toBeLessThan(1e-4);
    const [whole, projected] = ["whole", "projected"].map(
      (sums) => links.find((row) => row.sums === sums && row.bitsPerSecond === 50e6)!,
    );
    const faster = whole!.waitedMs / projected!.waitedMs;
    expect(Math.abs(faster / (whole!.bytes / projected!.bytes) - 1)).toBeLessThan(0.1);
    const page = loaded(scaling);
    expect(page.factor).toBe(faster.toFixed(1));
    expect(page.links.rows).toHaveLength(links.length);
    for (const { head, rows } of [page.links, page.training, page.model]) {
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
  });

  test("tfjs: every pair of a task and a rate is judged, and the sentence counts the table's verdicts", () => {
    const { table, finding } = loaded(tfjs);
    const counts = ["SUMO", "Adam", "tie"].map((who) => table.rows.filter((row) => row.at(-1) === who).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(table.rows.length);
    expect(finding.match(/\d+/g)!.map(Number)).toEqual([table.rows.length, ...counts]);
    expect(counts[0]).toBeGreaterThan(counts[1]!);
  });

  test("tfjs: no step takes more than 1.2 times as long as Adam's, and the sentence has the table's extremes", () => {
    const { table, finding } = loaded(tfjsSteps);
    const ratios = table.rows.map((row) => Number(row.at(-1)));
    expect(ratios).toHaveLength(6);
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.2);
    expect(finding.match(/\d\.\d\d/g)!.map(Number)).toEqual([Math.min(...ratios), Math.max(...ratios)]);
  });

  test("defaults: sorted by the mean of what the chart shows", () => {
    const { chart, contestants } = loaded(defaults);
    const means = chart.map(({ dots }) => dots.reduce((sum, { value }) => sum + value, 0) / dots.length);
    expect(means.toSorted((a, b) => a - b)).toEqual(means);
    // The file rounds losses and means to four decimals.
    for (const [i, mean] of means.entries()) expect(Math.abs(contestants[i]!.mean - mean)).toBeLessThan(1.01e-4);
  });

  test("defaults: a finding's words follow from its numbers", () => {
    const { findings, seeds } = loaded(defaults);
    expect(findings.length).toBeGreaterThan(5);
    for (const finding of findings) {
      const [a, s, b, t] = finding
        .match(/\d\.\d{3}/g)!
        .slice(-4)
        .map(Number);
      const difference = b! - a!;
      const clear = Math.abs(difference) > (2 * Math.hypot(s!, t!)) / Math.sqrt(seeds);
      // Three decimals can leave the decision open where it is close.
      if (Math.abs(Math.abs(difference) - (2 * Math.hypot(s!, t!)) / Math.sqrt(seeds)) < 0.003) continue;
      expect(finding).toContain(clear ? (difference > 0 ? "is better than" : "is worse than") : "ties with");
    }
  });

  test("state: rows by loss, and no verdict without seeds and tuning", () => {
    for (const { table, findings } of loaded(state).panels) {
      const means = table.rows.map(([, loss]) => Number.parseFloat(loss!));
      expect(means.toSorted((a, b) => a - b)).toEqual(means);
      for (const row of table.rows) expect(row.length).toBe(table.head.length);
      for (const finding of findings) {
        const isNamed = (name: string) =>
          finding.startsWith(`${name}, `) || new RegExp(` ${name}(:| by )`).test(finding);
        const [a, b] = table.rows.filter(([name]) => isNamed(name!));
        expect([a, b]).not.toContain(undefined);
      }
    }
    const entry = (contestant: string, losses: readonly number[], tuned = true) => {
      const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      return { contestant, lr: 1, tuned, losses, mean, deviation: 0.01, bytes: 1, hiddenBytes: 1 };
    };
    const of = (...entries: ReturnType<typeof entry>[]) => findingsOf({ width: 1, tokens: 1, entries });
    expect(of(entry("SUMO", [1, 1, 1]), entry("AdamW", [2, 2, 2]))[0]).toContain("is better than AdamW by 1.000 nats");
    expect(of(entry("SUMO", [1, 1]), entry("AdamW", [2, 2, 2]))[0]).toContain("too few seeds");
    expect(of(entry("SUMO", [1, 1, 1]), entry("AdamW", [2, 2, 2], false))).toEqual([]);
  });

  test("every other file gives rows, and no cell is without a number", () => {
    const { charts, goals, memory } = loaded(speed);
    const tuned = loaded(finetuning);
    const tables = [
      loaded(shakespeare).table,
      goals,
      memory,
      tuned.table,
      tableOf(tuned.chart, ""),
      ...charts.map(({ rows }) => tableOf(rows, "")),
      ...loaded(gpu).map(({ rows }) => tableOf(rows, "")),
    ];
    for (const { head, rows } of tables) {
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row.length).toBe(head.length);
      expect(JSON.stringify(rows)).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  test("a file measured anew, with fewer contestants and others, needs no edit", () => {
    const folder = mkdtempSync(join(tmpdir(), "sumo-evidence-"));
    const one = { stateFloats: 7, lr: 1, losses: [2, 3], mean: 2.5, deviation: 0.7, swept: [{ lr: 1, loss: 2 }] };
    const file = join(folder, "defaults.json");
    writeFileSync(file, JSON.stringify({ machine: "m", seeds: [4, 5], steps: 9, results: { AdamW: one, New: one } }));
    const page = defaults.load([file]);
    expect(page.chart.map(({ label }) => label)).toEqual(["AdamW", "New"]);
    expect(page.findings).toEqual([]);
    const csv = join(folder, "trials.csv");
    writeFileSync(csv, "optimizer,lr,seed,step,final_nats_per_byte\nx,2,0,5,1\nx,2,1,5,2\nx,1,0,3,\ny,1,0,5,4\n");
    expect(shakespeare.load([csv]).table.rows).toEqual([
      ["x", "–", "1.500"],
      ["y", "4.000", "–"],
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe("a chart", () => {
  const values = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 });

  test.each([true, false])("places all values and ticks inside, in their order (logarithmic: %s)", (logarithmic) => {
    fc.assert(
      fc.property(values, (all) => {
        const axis = axisOf(all, logarithmic);
        const sorted = [...all, ...axis.ticks.map(({ value }) => value)].sort((a, b) => a - b);
        const places = sorted.map(axis.place);
        expect(places.toSorted((a, b) => a - b)).toEqual(places);
        expect(Math.min(...places)).toBeGreaterThanOrEqual(-1e-9);
        expect(Math.max(...places)).toBeLessThanOrEqual(100 + 1e-9);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("has a table with a cell for every dot", () => {
    const dot = { series: "a", value: 1, text: "1 ms" };
    const rows: DotRow[] = [
      { label: "x", dots: [dot, { ...dot, series: "b", wrong: true }] },
      { label: "y", dots: [dot] },
    ];
    expect(tableOf(rows, "task")).toEqual({
      head: ["task", "a", "b"],
      rows: [
        ["x", "1 ms", "✗ 1 ms"],
        ["y", "1 ms", "–"],
      ],
    });
  });
});

test("of two losses none is lower unless the seeds can tell", () => {
  const measured = fc.record({
    mean: fc.double({ min: 0, max: 9, noNaN: true }),
    deviation: fc.double({ min: 0, max: 1, noNaN: true }),
    losses: fc.array(fc.constant(0), { minLength: 2, maxLength: 5 }),
  });
  fc.assert(
    fc.property(measured, measured, (a, b) => {
      const mirrored = { first: "second", second: "first", tie: "tie" } as const;
      expect(lowerLoss(b, a)).toBe(mirrored[lowerLoss(a, b)]);
      expect(lowerLoss(a, a)).toBe("tie");
    }),
    { seed: 1, numRuns: 300 },
  );
  const exact = { deviation: 0, losses: [0, 0] };
  expect(lowerLoss({ ...exact, mean: 1 }, { ...exact, mean: 1.001 })).toBe("first");
  expect(lowerLoss({ ...exact, mean: 1 }, { deviation: 0.1, losses: [0, 0], mean: 1.141 })).toBe("tie"); // 2 × 0.1 / √2
  expect(lowerLoss({ ...exact, mean: 1 }, { deviation: 0.1, losses: [0, 0], mean: 1.142 })).toBe("first");
});
