import type { Table } from "../charts/rows.ts";
import { readResults } from "../evidence/results.ts";

interface Row {
  readonly name: string;
  /** Tokens a second of forward and backward, of whole steps, and of sampling. */
  readonly passRate: number;
  readonly stepRate: number;
  readonly sampleRate: number;
}

export interface PublishedSpeed {
  readonly machine: string;
  readonly rounds: number;
  readonly batch: number;
  readonly length: number;
  readonly rank: number;
  readonly table: Table;
  readonly goals: Table;
}

export default {
  watch: ["../../bench/results/published-speed.json"],
  load([file]: readonly string[]): PublishedSpeed {
    const { rows, ...setting } = readResults<
      Omit<PublishedSpeed, "table" | "goals"> & { readonly rows: readonly Row[] }
    >(file);
    return {
      ...setting,
      table: {
        head: ["", "forward and backward", "whole step", "sampling"],
        rows: rows.map(({ name, passRate, stepRate, sampleRate }) => [
          name,
          ...[passRate, stepRate, sampleRate].map((rate) => rate.toFixed(1)),
        ]),
      },
      goals: { head: ["goal", "reached", ""], rows: goalsOf(rows) },
    };
  },
};

/** Goals beside PyTorch on as many threads, of a pass. */
const GOALS = [
  ["WebAssembly, two threads: half of PyTorch's speed", "ours, wasm, 2 threads", "PyTorch, 2 threads", 1 / 2],
  ["with a BLAS, one thread: PyTorch's speed", "ours, native, 1 thread", "PyTorch, 1 thread", 1],
  ["with a BLAS, two threads: PyTorch's speed", "ours, native, 2 threads", "PyTorch, 2 threads", 1],
] as const;

function goalsOf(rows: readonly Row[]): readonly (readonly string[])[] {
  const rateOf = (wanted: string): number => rows.find(({ name }) => name === wanted)!.passRate;
  return GOALS.map(([goal, ours, theirs, least]) => {
    const ratio = rateOf(ours) / rateOf(theirs);
    return [goal, ratio.toFixed(2), ratio >= least ? "met" : "missed"];
  });
}

export declare const data: PublishedSpeed;
