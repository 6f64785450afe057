const MIB = 2 ** 20;

/** Renders the results as a Markdown page. */
export function render({ machine, node, loads, repeats, widths }) {
  const head = [
    "# A training step: this repository against PyTorch",
    "",
    `${machine}, Node ${node}; load average ${loads.map((load) => load.toFixed(1)).join(" before, ")} after: above the number of cores, threads`,
    `wait for other work. Written by \`node bench/training/run.js\`. 4 layers, context 128, batch 8, bytes; tokens/s of forward and backward,`,
    `and of a whole step with SUMO at rank 32 (PyTorch: AdamW). Processes take turns, ${repeats} rounds of each; best, median in brackets.`,
    "The optimizer's share is what it adds to the time: with threads, some of its work is done while others make gradients.",
  ];
  return [...head, ...widths.flatMap(widthSection), ""].join("\n");
}

function widthSection({ width, parameters, contestants, memory }) {
  const rows = contestants.map(({ name, passRate, stepRate, optimizerShare }) =>
    line([name, rate(passRate), rate(stepRate), `${(100 * optimizerShare).toFixed(1)} %`]),
  );
  const { perLayer, collected } = memory;
  return [
    "",
    `## Width ${width}, ${(parameters / 1e6).toFixed(2)} M parameters`,
    "",
    line(["", "forward + backward", "whole step", "optimizer's share"]),
    line(["---", "---:", "---:", "---:"]),
    ...rows,
    "",
    `Peak of the heap, one thread: ${mib(perLayer.peakBytes)} MiB with per-layer updates (planned: ${mib(perLayer.planBytes)}),`,
    `${mib(collected.peakBytes)} when all gradients are collected first. The plan leaves out the engine's packed operands.`,
  ];
}

const line = (cells) => `| ${cells.join(" | ")} |`;
const mib = (bytes) => (bytes / MIB).toFixed(1);
const rate = ({ best, median }) =>
  `${Math.round(best).toLocaleString("en")} (${Math.round(median).toLocaleString("en")})`;
