import type { OptimizerName } from "@sumo/core";
import { OPTIMIZER_NAMES } from "@sumo/training";
import { Problem } from "../problem.ts";
import { type Entrant, type Experiment, SIZES, type SizeName } from "./experiment.ts";

/** What a link carries: an experiment on the built-in text and, where it was finished, the loss that each optimizer ended with. */
export interface Shared {
  readonly experiment: Experiment;
  readonly losses: ReadonlyMap<OptimizerName, number>;
}

/** The hash of a link: `#size=small&rank=16&steps=400&seed=0&sumo=0.02&loss.sumo=1.94`. Numbers are written in full, so that equal ones are equal to the bit. */
export function hashOf({ experiment, losses }: Shared): string {
  const { size, rank, steps, seed, entrants } = experiment;
  const fields = new URLSearchParams({ size, rank: String(rank), steps: String(steps), seed: String(seed) });
  for (const { optimizer, lr } of entrants) fields.set(optimizer, String(lr));
  for (const [optimizer, loss] of losses) fields.set(`loss.${optimizer}`, String(loss));
  return `#${fields}`;
}

/** What the hash of a link carries; `undefined` if it is empty. @throws {Problem} if it is damaged, or of a page that can do other things. */
export function sharedBy(hash: string): Shared | undefined {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  if (fields.size === 0) return undefined;
  const size = taken(fields, "size") ?? "";
  if (!Object.hasOwn(SIZES, size)) throw damaged("size", size);
  const whole = { rank: number(fields, "rank"), steps: number(fields, "steps"), seed: number(fields, "seed") };
  const entrants: Entrant[] = [];
  const losses = new Map<OptimizerName, number>();
  for (const optimizer of OPTIMIZER_NAMES) {
    if (!fields.has(optimizer)) continue;
    entrants.push({ optimizer, lr: number(fields, optimizer) });
    if (fields.has(`loss.${optimizer}`)) losses.set(optimizer, number(fields, `loss.${optimizer}`));
  }
  for (const [name, value] of fields) throw damaged(name, value);
  if (entrants.length === 0) throw new Problem("The link names no optimizer.");
  return { experiment: { size: size as SizeName, entrants, ...whole }, losses };
}

function number(fields: URLSearchParams, name: string): number {
  const text = taken(fields, name) ?? "";
  const value = Number(text);
  if (text === "" || !(Number.isFinite(value) && value >= 0)) throw damaged(name, text);
  return value;
}

/** The value of a field, which is removed. */
function taken(fields: URLSearchParams, name: string): string | null {
  const value = fields.get(name);
  fields.delete(name);
  return value;
}

const damaged = (name: string, value: string): Problem =>
  new Problem(`The link is damaged, or of another version of this page: ${name} is “${value}”.`);
