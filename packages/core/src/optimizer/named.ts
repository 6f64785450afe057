import { describe, GradientTypeError } from "../errors.ts";

/** Gradients with their names, from an object or a Map. @throws {GradientTypeError} for anything else. */
export function entriesOf<Source>(
  gradients: Readonly<Record<string, Source>> | ReadonlyMap<string, Source>,
): readonly (readonly [string, Source])[] {
  if (gradients instanceof Map) return [...gradients];
  if (
    typeof gradients === "object" &&
    gradients !== null &&
    !Array.isArray(gradients) &&
    !ArrayBuffer.isView(gradients)
  ) {
    return Object.entries(gradients);
  }
  throw new GradientTypeError(undefined, "an object or a Map of gradients by name", describe(gradients));
}
