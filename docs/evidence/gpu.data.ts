import { type DotRow, digits } from "../charts/rows.ts";
import { readResults } from "./results.ts";

interface Timing {
  readonly case: string;
  readonly contender: string;
  readonly medianMs: number;
}

export interface Gpu {
  readonly device: string;
  readonly interface: "WebGL" | "WebGPU";
  readonly browser: string;
  readonly rows: readonly DotRow[];
}

export default {
  watch: ["../../packages/gpu/bench/results/*.json"],
  load(files: readonly string[]): readonly Gpu[] {
    return [...files].sort().map((file) => {
      const { device, browser, timings } = readResults<
        Omit<Gpu, "rows" | "interface"> & { readonly timings: readonly Timing[] }
      >(file);
      const cases = [...new Set(timings.map((timing) => timing.case))];
      return {
        device,
        interface: timings.some(({ contender }) => contender.startsWith("@sumo/gpu webgpu")) ? "WebGPU" : "WebGL",
        browser: /Chrome\/\d+/.exec(browser)?.[0] ?? browser,
        rows: cases.map((name) => rowOf(name, timings)),
      };
    });
  },
};

function rowOf(name: string, timings: readonly Timing[]): DotRow {
  const dots = timings
    .filter((timing) => timing.case === name)
    .map(({ contender, medianMs }) => ({ series: contender, value: medianMs, text: `${digits(medianMs)} ms` }));
  return { label: name, dots };
}

export declare const data: readonly Gpu[];
