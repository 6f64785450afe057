import type { Table } from "../charts/rows.ts";
import { readResults } from "../evidence/results.ts";

interface Row {
  readonly options: string;
  /** Bytes. */
  readonly planned: number;
  readonly peak: number;
}

export default {
  watch: ["../../bench/results/fine-tuning-memory.json"],
  load([file]: readonly string[]): Table {
    const { rows } = readResults<{ readonly rows: readonly Row[] }>(file);
    return {
      head: ["options", "planned", "peak of the process"],
      rows: rows.map(({ options, planned, peak }) => [options, gigabytes(planned), gigabytes(peak)]),
    };
  },
};

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

export declare const data: Table;
