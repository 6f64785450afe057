import { type DotRow, digits, type Table } from "../charts/rows.ts";
import { readResults } from "./results.ts";

interface Rate {
  readonly best: number;
  readonly median: number;
}

interface Contestant {
  readonly name: string;
  /** Tokens a second of forward and backward. */
  readonly passRate: Rate;
  /** Tokens a second of whole steps. */
  readonly stepRate: Rate;
  readonly optimizerShare: number;
}

interface Memory {
  readonly peakBytes: number;
  readonly planBytes: number;
}

interface Width {
  readonly width: number;
  readonly parameters: number;
  readonly contestants: readonly Contestant[];
  readonly memory: { readonly perLayer: Memory; readonly collected: Memory };
}

export interface Speed {
  readonly setting: string;
  readonly rounds: number;
  readonly charts: readonly { readonly title: string; readonly rows: readonly DotRow[] }[];
  readonly goals: Table;
  readonly missed: number;
  readonly memory: Table;
}

export default {
  watch: ["../../bench/results/training.json"],
  load([file]: readonly string[]): Speed {
    const { machine, node, loads, repeats, widths } = readResults<{
      readonly machine: string;
      readonly node: string;
      readonly loads: readonly number[];
      readonly repeats: number;
      readonly widths: readonly Width[];
    }>(file);
    const goals = widths.flatMap(goalsOf);
    return {
      setting: `${machine}, Node ${node}, load average ${loads.map((load) => load.toFixed(1)).join(" before, ")} after`,
      rounds: repeats,
      charts: widths.map(({ width, parameters, contestants }) => ({
        title: `Width ${width}, ${(parameters / 1e6).toFixed(2)} million weights`,
        rows: contestants.map(rowOf),
      })),
      goals: { head: ["goal", "width", "reached", ""], rows: goals },
      missed: goals.filter((goal) => goal.at(-1) === "missed").length,
      memory: memoryOf(widths),
    };
  },
};

function rowOf({ name, passRate, stepRate, optimizerShare }: Contestant): DotRow {
  const dot = (series: string, { median }: Rate) => ({ series, value: median, text: `${digits(median)} tokens/s` });
  const share = `the optimizer's share is ${(100 * optimizerShare).toFixed(1)} %`;
  return { label: `${name}; ${share}`, dots: [dot("forward and backward", passRate), dot("whole step", stepRate)] };
}

/** Goals for which both contestants ran. Rates are medians. */
function goalsOf({ width, contestants }: Width): string[][] {
  const find = (wanted: string) => contestants.find(({ name }) => name === wanted);
  const rivals = [
    ["two threads at least 1.8 times one (WebAssembly)", "ours, wasm, 2 threads", "ours, wasm, 1 thread", 1.8],
    ["with a BLAS as fast as PyTorch, 1 thread", "ours, native, 1 thread", "PyTorch, 1 thread", 1],
    ["with a BLAS as fast as PyTorch, 2 threads", "ours, native, 2 threads", "PyTorch, 2 threads", 1],
  ] as const;
  const ratios = rivals.flatMap(([goal, ours, other, least]) => {
    const [a, b] = [find(ours), find(other)];
    if (a === undefined || b === undefined) return [];
    const ratio = a.passRate.median / b.passRate.median;
    return [[goal, String(width), ratio.toFixed(2), ratio >= least ? "met" : "missed"]];
  });
  const shares = contestants
    .filter(({ name }) => name.startsWith("ours"))
    .map(({ name, optimizerShare: share }) => {
      const percent = `${(100 * share).toFixed(1)} %`;
      return [`SUMO's share of a step at most 8 % (${name})`, String(width), percent, share <= 0.08 ? "met" : "missed"];
    });
  return [...ratios, ...shares];
}

function memoryOf(widths: readonly Width[]): Table {
  const mib = ({ peakBytes }: Memory) => `${(peakBytes / 2 ** 20).toFixed(1)} MiB`;
  return {
    head: ["width", "planned", "peak, updated layer by layer", "peak, all gradients at once"],
    rows: widths.map(({ width, memory: { perLayer, collected } }) => [
      String(width),
      `${(perLayer.planBytes / 2 ** 20).toFixed(1)} MiB`,
      mib(perLayer),
      mib(collected),
    ]),
  };
}

export declare const data: Speed;
