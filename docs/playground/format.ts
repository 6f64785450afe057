const DIGITS = 6;
const MOST_ITEMS = 24;
const MOST_LINES = 8;
const DEEPEST = 3;

/** Formats the arguments of a `console.log`: strings unchanged, other values by {@link format}, matrices on separate lines. */
export function formatAll(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === "string" ? value : format(value)));
  return texts
    .map((text, i) => (i === 0 ? "" : text.includes("\n") || texts[i - 1]!.includes("\n") ? "\n" : " ") + text)
    .join("");
}

/** Formats a value. Numbers in arrays and matrices are rounded to six digits; single numbers are not rounded. */
export function format(value: unknown, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `[function ${value.name || "without a name"}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return formatError(value);
  if (isMatrix(value)) return formatMatrix(value);
  if (Array.isArray(value)) return depth === DEEPEST ? "[…]" : list("[", value, "]", depth);
  if (isTypedArray(value)) return list(`${value.constructor.name}(${value.length}) [`, value, "]", depth);
  if (depth === DEEPEST) return "{…}";
  if (value instanceof Set) return list("Set {", [...value], "}", depth);
  if (value instanceof Map) return fields("Map {", [...value], " => ", depth);
  if (hasOwnText(value)) return value.toString();
  const name = value.constructor === Object || value.constructor === undefined ? "" : `${value.constructor.name} `;
  return fields(`${name}{`, Object.entries(value), ": ", depth);
}

/** Formats an error: name, code if there is one, message, and the cause. */
export function formatError(error: Error): string {
  const code = "code" in error ? ` [${error.code}]` : "";
  const cause = error.cause === undefined ? "" : `\n  because of ${format(error.cause, 1)}`;
  return `${error.name}${code}: ${error.message}${cause}`;
}

interface MatrixFields {
  readonly data: ArrayLike<number>;
  readonly shape: ArrayLike<number>;
  readonly stride: ArrayLike<number>;
  readonly offset: number;
}

/** Whether a value has the four fields of a two-dimensional `ndarray`. */
function isMatrix(value: object): value is MatrixFields {
  const { data, shape, stride, offset } = value as Partial<MatrixFields>;
  return (
    data !== undefined &&
    isTypedArray(data) &&
    shape?.length === 2 &&
    stride?.length === 2 &&
    typeof offset === "number" &&
    Array.from(shape).every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

function formatMatrix({ data, shape, stride, offset }: MatrixFields): string {
  const [rows, cols] = [shape[0]!, shape[1]!];
  const across = Math.min(cols, MOST_LINES);
  const cells = Array.from({ length: Math.min(rows, MOST_LINES) }, (_, i) =>
    Array.from({ length: across }, (_, j) => rounded(data[offset + i * stride[0]! + j * stride[1]!]!)),
  );
  const widths = Array.from({ length: across }, (_, j) => Math.max(...cells.map((row) => row[j]!.length)));
  const lines = cells.map((row) => `  ${row.map((cell, j) => cell.padStart(widths[j]!)).join("  ")}`);
  const end = cols > across ? "  …" : "";
  return [`${rows} × ${cols}, ${data.constructor.name}`, ...lines.map((line) => line + end)]
    .concat(rows > cells.length ? ["  …"] : [])
    .join("\n");
}

const rounded = (x: unknown): string => (typeof x === "number" ? String(Number(x.toPrecision(DIGITS))) : String(x));

const isTypedArray = (value: unknown): value is ArrayLike<number> =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

/** Whether the value's class defines `toString`, as those of tensors and dates do. */
const hasOwnText = (value: object): boolean =>
  typeof value.toString === "function" && value.toString !== Object.prototype.toString;

function list(open: string, values: ArrayLike<unknown>, close: string, depth: number): string {
  const shown = Array.from({ length: Math.min(values.length, MOST_ITEMS) }, (_, i) => {
    const value = values[i];
    return typeof value === "number" ? rounded(value) : format(value, depth + 1);
  });
  const rest = values.length > MOST_ITEMS ? [`… ${values.length - MOST_ITEMS} more`] : [];
  return enclosed(open, [...shown, ...rest], close);
}

function fields(
  open: string,
  entries: readonly (readonly [unknown, unknown])[],
  between: string,
  depth: number,
): string {
  const shown = entries.slice(0, MOST_ITEMS).map(([key, value]) => {
    const name = typeof key === "string" && between === ": " ? key : format(key, depth + 1);
    return `${name}${between}${format(value, depth + 1)}`;
  });
  const rest = entries.length > MOST_ITEMS ? [`… ${entries.length - MOST_ITEMS} more`] : [];
  return shown.length === 0 ? `${open}}` : enclosed(`${open} `, [...shown, ...rest], " }");
}

/** Joins parts in one line, or in several if a part has several. */
function enclosed(open: string, parts: readonly string[], close: string): string {
  if (!parts.some((part) => part.includes("\n"))) return `${open}${parts.join(", ")}${close}`;
  const lines = parts.map((part) => `  ${part.replaceAll("\n", "\n  ")}`);
  return `${open.trimEnd()}\n${lines.join("\n")}\n${close.trim()}`;
}
