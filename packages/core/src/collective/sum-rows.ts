import type { Collective, CollectiveArray, PendingReduction } from "./collective.ts";

/** Starts values ← the sum over the ranks, on all of them, or on rank `root` alone. */
export function sumStart(collective: Collective, values: CollectiveArray, root: number | undefined): PendingReduction {
  return root === undefined ? collective.allReduceStart(values, "sum") : collective.reduceStart(values, "sum", root);
}

/**
 * The same for a matrix of which most rows are zero: the ranks first tell each other which are not, in a byte a row, and only these are copied, and sent.
 *
 * A row counts as zero where all of its bits are, so that the sum is that of {@link sumStart}, in each number, signed zeros included.
 */
export function sumRowsStart(
  collective: Collective,
  values: Float32Array,
  cols: number,
  root: number | undefined,
): PendingReduction {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const present = new Uint8Array(values.length / cols);
  for (const row of present.keys()) {
    if (bits.subarray(row * cols, (row + 1) * cols).some((word) => word !== 0)) present[row] = 1;
  }
  collective.allReduce(present, "max");
  const rows = Array.from(present.keys()).filter((row) => present[row] === 1);
  const sent = new Float32Array(rows.length * cols);
  for (const [i, row] of rows.entries()) sent.set(values.subarray(row * cols, (row + 1) * cols), i * cols);
  const sum = sumStart(collective, sent, root);
  return {
    wait: () => {
      sum.wait();
      for (const [i, row] of rows.entries()) values.set(sent.subarray(i * cols, (i + 1) * cols), row * cols);
    },
  };
}
