import { DataError } from "../errors.ts";
import { checkSize, textFile } from "./text-file.ts";

/** Columns that an example is made of. */
const COLUMNS: readonly string[] = ["messages", "prompt", "completion", "text", "options"];

/**
 * Reads a Parquet file as examples: a JSON object a line, of the columns `messages`, `prompt` and `completion`, `text`, and `options`. Other columns are not
 * decoded, and values that are null are left out.
 *
 * @throws {DataError} if it is damaged, has none of these columns, is too large, or changes while it is read.
 */
export async function parquetLines(path: string): Promise<Uint8Array> {
  const file = textFile(path, false);
  checkSize(path, file.size);
  const bytes = new Uint8Array(file.size);
  file.read(bytes, 0);
  try {
    return await linesOf(bytes, path);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`data: ${path} cannot be read as Parquet: ${(cause as Error).message}`, { cause });
  }
}

async function linesOf(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array> {
  const [{ parquetMetadata, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"), // here, since most runs need none of it
    import("hyparquet-compressors"),
  ]);
  const metadata = parquetMetadata(bytes.buffer);
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = COLUMNS.filter((name) => names.includes(name));
  if (
    !(
      ["messages", "text"].some((name) => columns.includes(name)) ||
      ["prompt", "completion"].every((name) => columns.includes(name))
    )
  ) {
    throw new DataError(
      `data: ${path} has the columns ${names.join(", ")}: it needs messages, or prompt and completion, or text`,
    );
  }
  const file = { byteLength: bytes.length, slice: (from: number, to?: number) => bytes.buffer.slice(from, to) };
  const parts: Uint8Array[] = [];
  let [rowStart, size] = [0, 0];
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (rowEnd > bytes.length) throw new Error("it says that it has more rows than bytes");
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
