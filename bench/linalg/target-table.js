/** The lines of a Markdown section: each target, what was reached, and whether that meets it. */
export function targetTable(all) {
  const missed = all.filter(({ met }) => !met).length;
  const rows = all.map(({ name, dtype, ours, other, limit, median, least, met }) => {
    const shares = [limit, median].map((x) => x.toFixed(2));
    return row([name, dtype, ours, other, shares[0], `${shares[1]} (${least.toFixed(2)})`, met ? "met" : "**missed**"]);
  });
  return [
    "## Targets",
    "",
    `Of ${all.length}, ${missed} are missed. Time as a share of the other's, by medians and, in brackets, by least times.`,
    "",
    row(["task", "dtype", "ours", "other", "at most", "reached", ""]),
    row(["---", "---", "---", "---", "---:", "---:", "---"]),
    ...rows,
  ];
}

export const row = (cells) => `| ${cells.join(" | ")} |`;
