import { type DotRow, digits } from "../charts/rows.ts";
import { type Judged, judged, type LinalgReport, readResults, setting, type Target } from "./results.ts";

interface Result {
  readonly name: string;
  readonly dtype: string;
  readonly flops: number;
  /** GFLOP/s of multiplications and additions alone, in plain WebAssembly SIMD on one thread, in the same run. */
  readonly peak: number;
  readonly contestants: readonly { readonly name: string; readonly ms?: { readonly median: number } }[];
  readonly targets: readonly Target[];
}

export interface Products extends Judged {
  readonly setting: string;
  readonly charts: readonly { readonly dtype: string; readonly rows: readonly DotRow[] }[];
}

export default {
  watch: ["../../bench/results/linalg-products.json"],
  load([file]: readonly string[]): Products {
    const report = readResults<LinalgReport<Result>>(file);
    const { results } = report;
    const dtypes = [...new Set(results.map(({ dtype }) => dtype))];
    return {
      setting: setting(report),
      ...judged(results.flatMap(({ targets }) => targets)),
      charts: dtypes.map((dtype) => ({
        dtype,
        rows: results.filter((result) => result.dtype === dtype).map(speedsOf),
      })),
    };
  },
};

function speedsOf({ name, flops, peak, contestants }: Result): DotRow {
  const dot = (series: string, speed: number) => ({ series, value: speed, text: `${digits(speed)} GFLOP/s` });
  const dots = contestants.flatMap(({ name: series, ms }) =>
    ms === undefined ? [] : [dot(series, flops / ms.median / 1e6)],
  );
  return { label: name, dots: [...dots, dot("multiply-add peak of WebAssembly", peak)] };
}

export declare const data: Products;
