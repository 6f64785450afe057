import { row, targetTable } from "./target-table.js";

const ROUTINES = [
  "polar",
  "svd",
  "eigh",
  "qr",
  "randomizedSvd",
  "svdvals",
  "eig",
  "solve",
  "det",
  "inv",
  "cholesky",
  "lstsq",
];

/** Renders the results as a Markdown page: times and accuracy of every contestant, then the targets. */
export function renderFactorizations({ machine, loadAverage, node, v8, versions, results }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# Factorizations: this repository against other packages",
    "",
    `${machine}, load average ${loadAverage.toFixed(1)}, Node ${node} (V8 ${v8}); ${list.join(", ")}.`,
    "One thread each, unless the name says otherwise. Written by `node bench/linalg/run.js factorizations`.",
    "",
    "Milliseconds: the median of interleaved rounds, and the least in brackets. Below them the residual and the departure from",
    "orthonormality, in units of max(m, n) ulp of the task's dtype (LAPACK's tests accept 30 to 50); results beyond 50 are marked ✗.",
    "OpenBLAS is SciPy's calls of gesdd, syevd, geqrf and orgqr in LAPACK's own layout and dtype; NumPy is numpy.linalg on rows, which",
    "computes in float64 whatever the dtype, as we do. Their polar factor is U Vᵀ, their randomized SVD the algorithm of ours. webR is",
    "R's LAPACK in WebAssembly, its QR the pivoted one. Newton-Schulz is Muon's five steps on our engine, which give no exact factor and",
    "are not meant to. @stdlib has none of these factorizations.",
    "",
    ...targetTable(results.flatMap((result) => result.targets)),
    ...ROUTINES.flatMap((routine) => table(routine, results)),
    "",
  ].join("\n");
}

function table(routine, results) {
  const tasks = results.filter((result) => result.routine === routine);
  const names = [...new Set(tasks.flatMap(({ contestants }) => contestants.map(({ name }) => name)))];
  const rows = tasks.map(({ name: task, dtype, contestants }) => {
    const cells = names.map((name) => cell(contestants.find((contestant) => contestant.name === name)));
    return row([`${task}, ${dtype}`, ...cells]);
  });
  return ["", `## ${routine}`, "", row([routine, ...names]), row(["---", ...names.map(() => "---:")]), ...rows];
}

function cell(entry) {
  if (entry === undefined) return "–";
  const { ms, error, residual, orthogonality, right } = entry;
  if (error !== undefined) return error;
  return `${digits(ms.median)} (${digits(ms.least)})<br>${right ? "" : "✗ "}${digits(residual)}, ${digits(orthogonality)}`;
}

const digits = (x) => (Number.isFinite(x) ? (x >= 100 ? x.toFixed(0) : x.toPrecision(2 + (x >= 10))) : String(x));
