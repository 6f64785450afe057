/** Matrices of more elements show only their edges, as NumPy's do. */
const MOST_ELEMENTS = 1000;
const EDGE = 3;
const GAP = -1;

/** Elements as text in NumPy's form, to six digits, columns aligned; of no axis, one or two. */
export function format(shape: readonly number[], at: (i: number, j: number) => number): string {
  if (shape.length === 0) return text(at(0, 0));
  const summarized = shape.reduce((product, length) => product * length, 1) > MOST_ELEMENTS;
  if (shape.length === 1) {
    return bracket(indices(shape[0]!, summarized).map((i) => (i === GAP ? "..." : text(at(i, 0)))));
  }
  const columns = indices(shape[1]!, summarized);
  const lines = indices(shape[0]!, summarized).map((i) => columns.map((j) => (i === GAP || j === GAP ? "..." : text(at(i, j))))); // biome-ignore format: short
  const width = Math.max(0, ...lines.flat().map((word) => word.length));
  return `[${lines.map((line) => bracket(line.map((word) => word.padStart(width)))).join(",\n ")}]`;
}

const bracket = (words: readonly string[]): string => `[${words.join(", ")}]`;

const text = (value: number): string => String(Number(value.toPrecision(6)));

function indices(length: number, summarized: boolean): number[] {
  const all = Array.from({ length }, (_, i) => i);
  return summarized && length > 2 * EDGE ? [...all.slice(0, EDGE), GAP, ...all.slice(-EDGE)] : all;
}
