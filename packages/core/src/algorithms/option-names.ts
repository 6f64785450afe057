import { describe, OptimizerOptionError } from "../errors.ts";

/**
 * Refuses options that do not exist, with the nearest one that does.
 *
 * @param owner - Whose options they are, e.g. `"sumo's"`.
 * @throws {OptimizerOptionError} for options that are no object, too.
 */
export function checkOptionNames(owner: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new OptimizerOptionError("options", `an object of ${describe(owner)} options`, options);
  }
  if (!Array.isArray(known) || !known.every((name) => typeof name === "string"))
    throw new OptimizerOptionError("known", "a list of names", known);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? "which this is not" : `which this is not; did you mean ${nearest}?`;
    throw new OptimizerOptionError(name, `one of ${owner} options (${known.join(", ")})`, undefined, hint);
  }
}

/** The name that `name` may have been meant for: its initials (`learningRate` for `lr`), one that contains it, or one with few edits. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  const initials = name
    .replace(/^[a-z]/, (first) => first.toUpperCase())
    .replace(/_([a-z])/g, (_, next: string) => next.toUpperCase());
  const short = initials.replace(/[^A-Z]/g, "").toLowerCase();
  const direct = known.find((each) => plain(each) === wanted || each === short);
  if (direct !== undefined) return direct;
  const contained = known.find(
    (each) => wanted.length > 2 && (plain(each).includes(wanted) || wanted.includes(plain(each))),
  );
  if (contained !== undefined && contained.length > 2) return contained;
  const [nearest] = known
    .map((each) => ({ each, edits: editsBetween(wanted, plain(each)) }))
    .filter(({ each, edits }) => edits <= Math.max(wanted.length, each.length) / 3)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.each;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
