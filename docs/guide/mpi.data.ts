import { digits, type Table } from "../charts/rows.ts";
import { readResults } from "../evidence/results.ts";

interface Results {
  readonly machine: string;
  readonly links: readonly (Sums & {
    readonly bytes: number;
    readonly plannedBytes: number;
    readonly waitedMs: number;
  })[];
  readonly training: readonly {
    readonly dim: number;
    readonly scaling: "strong" | "weak";
    readonly launcher: string;
    readonly threads: number;
    readonly passes: number;
    readonly tokensPerSecond: number;
  }[];
  readonly pass: { readonly tokens: number; readonly milliseconds: number };
  readonly model: readonly (Sums & { readonly ranks: number; readonly efficiency: number })[];
}

interface Sums {
  readonly bitsPerSecond: number;
  readonly sums: "whole" | "projected";
}

export interface Scaling {
  readonly machine: string;
  readonly links: Table;
  /** Seconds of whole sums over those of projections on the slowest link. */
  readonly factor: string;
  readonly training: Table;
  /** One pass of the model. */
  readonly pass: string;
  readonly model: Table;
}

export default {
  watch: ["../../bench/results/scaling.json"],
  load([file]: readonly string[]): Scaling {
    const { machine, links, training, pass, model } = readResults<Results>(file);
    const slowest = Math.min(...links.map(({ bitsPerSecond }) => bitsPerSecond));
    const waited = (sums: Sums["sums"]): number =>
      links.find((row) => row.sums === sums && row.bitsPerSecond === slowest)!.waitedMs;
    const dims = [...new Set(training.map(({ dim }) => dim))];
    const ranks = [...new Set(model.map((row) => row.ranks))];
    const first = training.filter(({ dim }) => dim === dims[0]);
    return {
      machine,
      links: {
        head: ["link", "sums", "MB sent by a rank", "MB planned", "seconds of waiting"],
        rows: links.map(({ bytes, plannedBytes, waitedMs, ...row }) => [
          ...namesOf(row),
          (bytes / 1e6).toFixed(1),
          (plannedBytes / 1e6).toFixed(1),
          digits(waitedMs / 1000),
        ]),
      },
      factor: (waited("whole") / waited("projected")).toFixed(1),
      training: {
        head: ["scaling", "run as", ...dims.map((dim) => `width ${dim}`)],
        rows: first.map(({ dim: _, tokensPerSecond: __, ...work }) => [
          `${work.scaling}: ${counted(work.passes, "pass", "passes")} a step`,
          `${work.launcher}, ${counted(work.threads, "thread", "threads")} each`,
          ...dims.map((dim) => {
            const of = training.find((row) => row.dim === dim && isSame(row, work))!;
            return of.tokensPerSecond.toLocaleString("en");
          }),
        ]),
      },
      pass: `${digits(pass.milliseconds / 1000)} s for ${pass.tokens} tokens`,
      model: {
        head: ["link", "sums", ...ranks.map((count) => `${count.toLocaleString("en")} ranks`)],
        rows: links.map((link) => [
          ...namesOf(link),
          ...ranks.map((count) => {
            const of = model.find((row) => row.ranks === count && isSame(row, pick(link)))!;
            return `${(100 * of.efficiency).toFixed(0)} %`;
          }),
        ]),
      },
    };
  },
};

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const pick = ({ bitsPerSecond, sums }: Sums): Sums => ({ bitsPerSecond, sums });

/** Whether a row has all values of `wanted`. */
function isSame<R extends object>(row: R, wanted: Partial<R>): boolean {
  return (Object.keys(wanted) as (keyof R)[]).every((key) => row[key] === wanted[key]);
}

function namesOf({ bitsPerSecond, sums }: Sums): readonly string[] {
  const link = bitsPerSecond < 1e9 ? `${bitsPerSecond / 1e6} Mbit/s` : `${bitsPerSecond / 1e9} Gbit/s`;
  return [link, sums === "whole" ? "gradients" : "projections"];
}

export declare const data: Scaling;
