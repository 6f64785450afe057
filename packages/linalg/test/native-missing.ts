import { createNativeEngine } from "../src/native.ts";

/** Why this machine has no native engine, undefined where it has one. */
export const nativeMissing: string | undefined = reason();

function reason(): string | undefined {
  try {
    createNativeEngine({ bytes: 2 ** 16 });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
