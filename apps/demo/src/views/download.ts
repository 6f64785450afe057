import { create } from "./element.ts";

/** Downloads bytes as a file. */
export function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = create("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  link.download = name;
  link.click();
  // The browser reads the blob after the click; a minute is ample.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
