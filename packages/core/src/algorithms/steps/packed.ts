import type { BackendSizes, PackedBits } from "../../backend/backend.ts";
import { OptimizerOptionError } from "../../errors.ts";

/** Bits of a number in the state. */
export type StateBits = 32 | PackedBits;

/** Float32 words of a packed matrix. @throws {OptimizerOptionError} if the backend cannot pack. */
export function packedWords(rows: number, cols: number, bits: PackedBits, { packed }: BackendSizes): number {
  if (packed === undefined)
    throw new OptimizerOptionError("stateBits", "32, since the backend cannot pack state", bits);
  return packed(rows, cols, bits);
}
