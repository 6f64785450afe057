import { DataError } from "../errors.ts";
import { checkSize } from "./text-file.ts";

/** Columns that make an example, and all that one may have. */
const KINDS: readonly (readonly string[])[] = [["messages"], ["prompt", "completion"], ["text"]];
const COLUMNS: readonly string[] = [...KINDS.flat(), "options"];

/**
 * Decodes a Parquet file as examples: a JSON object a line, of the columns `messages`, `prompt` and `completion`, `text`, and `options`. Other columns are not
 * decoded, and values that are null are left out.
 *
 * A damaged file may keep the decoder busy for ever, or ask it for any memory: files of strangers are for a worker with limits.
 *
 * @param path - for messages.
 * @throws {DataError} if it has none of these columns, or more lines than a program can hold as one text. @throws {Error} if it is damaged.
 */
export async function parquetLines(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array> {
  const [{ parquetMetadata, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"), // here, since most runs need none of it
    import("hyparquet-compressors"),
  ]);
  const metadata = parquetMetadata(bytes.buffer);
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = COLUMNS.filter((name) => names.includes(name));
  if (!KINDS.some((kind) => kind.every((name) => columns.includes(name)))) {
    throw new DataError(
      `data: ${path} has the columns ${names.join(", ")}: it needs messages, or prompt and completion, or text`,
    );
  }
  const file = { byteLength: bytes.length, slice: (from: number, to?: number) => bytes.buffer.slice(from, to) };
  const parts: Uint8Array[] = [];
  let [rowStart, size] = [0, 0];
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file, metadata, columns, compressors, rowStart, rowEnd });
    const part = new TextEncoder().encode(rows.map((row) => `${lineOf(row)}\n`).join(""));
    parts.push(part);
    size += part.length;
    checkSize(path, size);
    rowStart = rowEnd;
  }
  return Buffer.concat(parts);
}

function lineOf(row: Readonly<Record<string, unknown>>): string {
  const present = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return JSON.stringify(Object.fromEntries(present), (_, value) => (typeof value === "bigint" ? Number(value) : value));
}
