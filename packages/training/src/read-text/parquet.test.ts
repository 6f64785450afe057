import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { type ColumnSource, type ParquetWriteOptions, parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { parseExamples } from "../conversations/example.ts";
import { DataError } from "../errors.ts";
import { digest, readData, readText } from "./read-text.ts";

const folder = temporaryFolder();

/** A Parquet file of `columns`. */
function written(
  name: string,
  columnData: ColumnSource[],
  options: Partial<ParquetWriteOptions> = {},
): { readonly path: string; readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, bytes };
}

const examplesOf = async (path: string) => {
  const text = await readData(path);
  expect(text.kind).toBe("examples");
  return parseExamples(new TextDecoder().decode(text.bytes), path);
};

const MESSAGES: NonNullable<ParquetWriteOptions["schema"]> = [
  { name: "root", num_children: 2 },
  { name: "id", type: "INT64", repetition_type: "OPTIONAL" },
  { name: "messages", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", repetition_type: "OPTIONAL", num_children: 2 },
  { name: "content", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
  { name: "role", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
];

test("conversations are read as they were written, in every row group, and other columns are left out", async () => {
  const talks = Array.from({ length: 25 }, (_, i) =>
    Array.from({ length: 1 + (i % 3) }, (_, k) => ({
      content: `“${i}.${k}”\n`,
      role: k % 2 === 0 ? "user" : "assistant",
    })),
  );
  const ids = talks.map((_, i) => BigInt(i));
  const columns = [
    { name: "id", data: ids },
    { name: "messages", data: talks },
  ];
  const { path } = written("talks.parquet", columns, { schema: MESSAGES, rowGroupSize: 10 });
  expect(await examplesOf(path)).toEqual(talks.map((messages) => ({ messages })));
  const [one, again] = [await readData(path), await readData("talks.parquet", folder)];
  expect(again.digest).toBe(one.digest);
  expect(one.digest).toBe(digest(one.bytes));
  expect(one.name).toBe("talks");
});

test.each(["UNCOMPRESSED", "SNAPPY", "GZIP"] as const)(
  "prompts, completions and texts are read, compressed by %s",
  async (codec) => {
    const data = Array.from({ length: 300 }, (_, i) => `${i} + ${i} = `);
    const completion = data.map((_, i) => (i % 2 === 0 ? String(2 * i) : null));
    const text = data.map((_, i) => (i % 2 === 0 ? null : `text ${i}`));
    const columns: ColumnSource[] = [
      { name: "prompt", data, type: "STRING" },
      { name: "completion", data: completion, type: "STRING" },
      { name: "text", data: text, type: "STRING" },
    ];
    const compressors = { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) };
    const { path } = written(`${codec}.parquet`, columns, { codec, compressors });
    expect(await examplesOf(path)).toEqual(
      data.map((prompt, i) => (i % 2 === 0 ? { prompt, completion: String(2 * i) } : { text: `text ${i}` })),
    );
  },
);

const texts: ColumnSource[] = [{ name: "text", data: ["a", "b"], type: "STRING" }];

test("a file without a column of examples, or without a row, is refused", async () => {
  const { path } = written("others.parquet", [{ name: "prompt", data: ["a"], type: "STRING" }]);
  await expect(readData(path)).rejects.toThrow(
    `data: ${path} has the columns prompt: it needs messages, or prompt and completion, or text`,
  );
  const { path: empty } = written("empty.parquet", [{ name: "text", data: [], type: "STRING" }]);
  await expect(readData(empty)).rejects.toThrow(`data: ${empty} is empty`);
  expect(() => readText(path)).toThrow("is Parquet, not plain text");
  await expect(readData(join(folder, "nowhere.parquet"))).rejects.toThrow("no file or folder");
});

test("a damaged file is refused by a typed error", async () => {
  const { path, bytes } = written("damaged.parquet", texts);
  for (let end = 0; end < bytes.length; end += 7) {
    writeFileSync(path, bytes.subarray(0, end));
    await expect(readData(path), String(end)).rejects.toThrow(DataError);
  }
  writeFileSync(path, "not Parquet at all");
  await expect(readData(path)).rejects.toThrow(`data: ${path} cannot be read as Parquet: `);
});
