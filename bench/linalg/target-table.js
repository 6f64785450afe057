/** Renders a Markdown section, as lines: each target, the result, whether it was met, and the reasons of missed ones. */
export function targetTable(all) {
  const missed = all.filter(({ met }) => !met);
  const reasons = [...new Set(missed.map(({ reason }) => reason))];
  const rows = all.map(({ name, dtype, ours, other, limit, median, least, met, reason }) => {
    const shares = [limit, median].map((x) => x.toFixed(2));
    const verdict = met ? "met" : `**missed** (${reasons.indexOf(reason) + 1})`;
    return row([name, dtype, ours, other, shares[0], `${shares[1]} (${least.toFixed(2)})`, verdict]);
  });
  return [
    "## Targets",
    "",
    `Of ${all.length}, ${missed.length} are missed. Time as a share of the other's, by medians and, in brackets, by least times.`,
    "",
    row(["task", "dtype", "ours", "other", "at most", "reached", ""]),
    row(["---", "---", "---", "---", "---:", "---:", "---"]),
    ...rows,
    ...(reasons.length > 0 ? ["", "Why they are missed:", ""] : []),
    ...reasons.map((reason, i) => `${i + 1}. ${reason}`),
  ];
}

export const row = (cells) => `| ${cells.join(" | ")} |`;
