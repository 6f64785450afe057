const [PANEL, HEIGHT, LEFT, TOP, BOTTOM, GAP] = [380, 300, 62, 34, 46, 26];
const [LEGEND_LINE, LEGEND_COLUMN] = [20, 270];
/** Hues that colour-blind eyes tell apart (Okabe and Ito), with a contrast of 3 to 1 on white. */
const COLOURS = ["#0b78c2", "#d06a12", "#0f9370", "#b9588f", "#8f7716", "#75808a"];
/** Outlines around the origin, to tell series apart without colours. */
const SHAPES = ["M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0", "M-4.5-4.5h9v9h-9z", "M0-6 6 0 0 6-6 0z", "M0-6 5.5 4.5h-11z"];

/**
 * A picture of panels side by side, in SVG: a mark for each point with its deviation, x on a logarithmic scale that the panels share, a scale
 * of y for each. A point has { series, x, y, spread }.
 */
export function scatter({ panels, series, xLabel, yLabel }) {
  const drawn = panels.filter(({ points }) => points.length > 0);
  const width = drawn.length * (LEFT + PANEL + GAP);
  const columns = Math.max(1, Math.floor(width / LEGEND_COLUMN));
  const rows = Math.ceil(series.length / columns);
  const height = TOP + HEIGHT + BOTTOM + rows * LEGEND_LINE + 10;
  const xs = drawn.flatMap(({ points }) => points.map(({ x }) => x));
  const x = logarithmic(Math.min(...xs), Math.max(...xs));
  const look = (name) => {
    const i = series.indexOf(name);
    return `d="${SHAPES[Math.floor(i / COLOURS.length) % SHAPES.length]}" fill="${COLOURS[i % COLOURS.length]}"`;
  };
  const body = drawn.map((panel, i) => panelOf(panel, i * (LEFT + PANEL + GAP), x, { xLabel, yLabel, look }));
  const legend = series.map((name, i) => {
    const at = `${12 + (i % columns) * LEGEND_COLUMN} ${TOP + HEIGHT + BOTTOM + LEGEND_LINE * (0.5 + Math.floor(i / columns))}`;
    return `<g transform="translate(${at})"><path ${look(name)}/><text x="12" y="4">${escaped(name)}</text></g>`;
  });
  const style = "text{font:13px sans-serif;fill:#333}line,.frame{stroke:#ccc;fill:none}.spread{stroke:#777}";
  const label = escaped(`${yLabel} over ${xLabel}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<style>${style}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${[...body, ...legend].join("\n")}
</svg>
`;
}

function panelOf({ title, points }, left, x, { xLabel, yLabel, look }) {
  const y = linear(Math.min(...points.map((p) => p.y - p.spread)), Math.max(...points.map((p) => p.y + p.spread)));
  const px = (value) => round(LEFT + PANEL * x.share(value));
  const py = (value) => round(TOP + HEIGHT * (1 - y.share(value)));
  const marks = points.map(({ series, x: at, y: value, spread }) => {
    const bar =
      spread > 0
        ? `<line class="spread" x1="${px(at)}" x2="${px(at)}" y1="${py(value - spread)}" y2="${py(value + spread)}"/>`
        : "";
    const name = `<title>${escaped(series)}: ${value.toFixed(3)}</title>`;
    return `${bar}<path transform="translate(${px(at)} ${py(value)})" ${look(series)}>${name}</path>`;
  });
  const ticks = [
    ...x.ticks.map(
      (value) =>
        `<line x1="${px(value)}" x2="${px(value)}" y1="${TOP}" y2="${TOP + HEIGHT}"/><text x="${px(value)}" y="${TOP + HEIGHT + 17}" text-anchor="middle">${short(value)}</text>`,
    ),
    ...y.ticks.map(
      (value) =>
        `<line x1="${LEFT}" x2="${LEFT + PANEL}" y1="${py(value)}" y2="${py(value)}"/><text x="${LEFT - 6}" y="${py(value) + 4}" text-anchor="end">${value.toFixed(2)}</text>`,
    ),
  ];
  const middle = TOP + HEIGHT / 2;
  return `<g transform="translate(${left} 0)">
<text x="${LEFT}" y="20" font-weight="bold">${escaped(title)}</text>
<rect class="frame" x="${LEFT}" y="${TOP}" width="${PANEL}" height="${HEIGHT}"/>
${[...ticks, ...marks].join("\n")}
<text x="${LEFT + PANEL / 2}" y="${TOP + HEIGHT + 36}" text-anchor="middle">${escaped(xLabel)}</text>
<text transform="translate(14 ${middle}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>
</g>`;
}

/** A scale to shares of an axis, with a margin, and ticks at 1, 2 and 5 times powers of ten. */
function logarithmic(least, most) {
  const [from, to] = [Math.log10(least) - 0.07, Math.log10(most) + 0.07];
  const ticks = [];
  for (let power = Math.floor(from); power <= to; power++) ticks.push(...[1, 2, 5].map((digit) => digit * 10 ** power));
  return {
    share: (value) => (Math.log10(value) - from) / (to - from),
    ticks: ticks.filter((value) => Math.log10(value) >= from && Math.log10(value) <= to),
  };
}

/** The same with even ticks. */
function linear(least, most) {
  const margin = (most - least || 0.01) / 12;
  const [from, to] = [least - margin, most + margin];
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((size) => (to - from) / size <= 8) ?? 2;
  const ticks = [];
  for (let k = Math.ceil(from / step); k * step <= to; k++) ticks.push(k * step);
  return { share: (value) => (value - from) / (to - from), ticks };
}

const short = (value) => (value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(value));
const round = (value) => Math.round(value * 10) / 10;
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
