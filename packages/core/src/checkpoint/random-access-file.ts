/** A file that is read in pieces, e.g. with `fs.readSync`. */
export interface RandomAccessFile {
  /** Length in bytes. */
  readonly size: number;
  /** Fills `into` with the bytes from `position` on. */
  read(into: Uint8Array<ArrayBufferLike>, position: number): void;
}

/** Bytes in memory as a file. */
export function bytesFile(bytes: Uint8Array): RandomAccessFile {
  return {
    size: bytes.length,
    read: (into, position) => into.set(bytes.subarray(position, position + into.length)),
  };
}

/** Whether a value can be read as a file. */
export function isFile(value: unknown): value is RandomAccessFile {
  const { size, read } = (value ?? {}) as Partial<RandomAccessFile>;
  return typeof size === "number" && typeof read === "function";
}
