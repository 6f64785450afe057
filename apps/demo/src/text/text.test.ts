import { expect, test } from "vitest";
import { Problem } from "../problem.ts";
import { checkLength, dataSource, ownText } from "./text.ts";

const file = (...parts: BlobPart[]): File => new File(parts, "a.txt");

test("a byte-order mark is no part of the text", async () => {
  const { bytes } = await ownText(file(Uint8Array.of(0xef, 0xbb, 0xbf), "whale"));
  expect(new TextDecoder().decode(bytes)).toBe("whale");
});

test("what is no UTF-8 is refused by name", async () => {
  await expect(ownText(file(Uint8Array.of(0xc3, 0x28)))).rejects.toThrow(Problem);
  await expect(ownText(file(Uint8Array.of(0xc3, 0x28)))).rejects.toThrow("a.txt is not UTF-8");
});

test("a text is long enough when its last tenth holds a window and a token more", () => {
  const text = (length: number) => ({ source: "text.txt", bytes: new Uint8Array(length) });
  expect(() => checkLength(text(659), 64)).toThrow(Problem);
  expect(() => checkLength(text(660), 64)).not.toThrow();
});

test("a text's digest is the one that shasum prints", () => {
  expect(dataSource({ source: "text.txt", bytes: new TextEncoder().encode("abc") })).toEqual({
    source: "text.txt",
    bytes: 3,
    digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
});
