import { row, targetTable } from "./target-table.js";

/** Renders the results as a Markdown page: one table of median GFLOP/s for each dtype. */
export function renderProducts({ machine, loadAverage, node, v8, versions, results }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const head = [
    "# Products: this repository against other packages",
    "",
    `GFLOP/s, medians of interleaved rounds (more is better). ${machine}, load average ${loadAverage.toFixed(1)}, Node ${node} (V8 ${v8}); ${list.join(", ")}.`,
    "The share in brackets is that of the multiply-add peak of plain WebAssembly SIMD, measured in the same run on one thread.",
    "Written by `node bench/linalg/run.js products`.",
  ];
  const tables = ["float32", "float64"].flatMap((dtype) => table(dtype, results));
  return [...head, "", ...targetTable(results.flatMap((result) => result.targets)), ...tables].join("\n");
}

function table(dtype, results) {
  const tasks = results.filter((result) => result.dtype === dtype);
  if (tasks.length === 0) return [];
  const names = [...new Set(tasks.flatMap(({ contestants }) => contestants.map(({ name }) => name)))];
  const rows = tasks.map(({ name: task, flops, peak, contestants }) => {
    const cells = names.map((name) => {
      const entry = contestants.find((contestant) => contestant.name === name);
      if (entry === undefined) return "–";
      const speed = flops / entry.ms.median / 1e6;
      const share = name === "@sumo/linalg wasm" ? ` (${Math.round((100 * speed) / peak)} %)` : "";
      return speed.toFixed(1) + share;
    });
    return row([task, ...cells]);
  });
  return ["", `## ${dtype}`, "", row([dtype, ...names]), row(["---", ...names.map(() => "---:")]), ...rows, ""];
}
