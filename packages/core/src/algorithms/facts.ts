/** An optimizer's state outside its matrices, as plain JSON. */
export type Facts = Readonly<Record<string, number | string>>;

/** Reads a whole number >= 0 from saved facts. @throws {TypeError} if it is missing. */
export function countFact(facts: Facts, name: string): number {
  const value = facts[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new TypeError(`expected a whole number for ${name}, got ${String(value)}`);
  }
  return value as number;
}

/** Reads a finite number from saved facts. @throws {TypeError} if it is missing. */
export function numberFact(facts: Facts, name: string): number {
  const value = facts[name];
  if (!Number.isFinite(value)) throw new TypeError(`expected a number for ${name}, got ${String(value)}`);
  return value as number;
}
