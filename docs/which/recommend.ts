import type { OptimizerName } from "@sumo/core";
import { comparison, lowerLoss, type Measured } from "../evidence/verdict.ts";

/** An optimizer of the hidden matrices as it was measured in the map of state, at one number of tokens a step. */
export interface Place extends Measured {
  readonly contestant: string;
  readonly lr: number;
  readonly options: {
    readonly optimizer: OptimizerName;
    readonly stateBits?: number;
    /** AdamW's, of the other parameters. */
    readonly others?: Readonly<Record<string, unknown>>;
    readonly [name: string]: unknown;
  };
  /** Bytes of state of the whole model. */
  readonly bytes: number;
  /** Of a whole run, where steps were timed. */
  readonly seconds?: number;
}

/** The map at one number of tokens a step. AdamW is among its places. */
export interface Panel {
  readonly tokens: number;
  readonly places: readonly Place[];
}

/** Largest state, as a share of AdamW's. */
export const MEMORY = {
  "as much as AdamW's": 1,
  "half of AdamW's": 1 / 2,
  "a third of AdamW's": 1 / 3,
  "a fifth of AdamW's": 1 / 5,
} as const;

/** Longest time, as a multiple of AdamW's for as many tokens. */
export const TIME = {
  "does not matter": Number.POSITIVE_INFINITY,
  "five times AdamW's": 5,
  "one and a half times AdamW's": 1.5,
} as const;

/** Where the optimizer is to run, and what it cannot take there. */
export const FRAMEWORKS = {
  "my own loop": () => true,
  tfjs: ({ optimizer, stateBits = 32 }: Place["options"]) => optimizer !== "soap" && stateBits === 32,
  "jax-js": ({ stateBits = 32 }: Place["options"]) => stateBits === 32,
  // Fewer bits than 32 are AdamW's too there.
  "the trainer": ({ stateBits = 32, others }: Place["options"]) => stateBits === 32 || others !== undefined,
} as const;

export type Framework = keyof typeof FRAMEWORKS;

export interface Answers {
  readonly memory: keyof typeof MEMORY;
  readonly time: keyof typeof TIME;
  readonly framework: Framework;
}

/** The place of least state of those whose losses tie with the lowest within the limits; `undefined` if none is within them. */
export function recommend({ places }: Panel, { memory, time, framework }: Answers): Place | undefined {
  const adamw = adamwOf(places);
  const fits = places.filter(
    ({ bytes, seconds = Number.POSITIVE_INFINITY, options }) =>
      bytes <= MEMORY[memory] * adamw.bytes && seconds <= TIME[time] * adamw.seconds! && FRAMEWORKS[framework](options),
  );
  const lowest = bestOf(fits);
  return fits
    .filter((place) => place === lowest || lowerLoss(place, lowest!) === "tie")
    .sort((a, b) => a.bytes - b.bytes)[0];
}

/** What a place's numbers say beside AdamW and beside the lowest loss of all, in sentences. */
export function verdictOf(place: Place, { places, tokens }: Panel): readonly string[] {
  const adamw = adamwOf(places);
  const best = bestOf(places)!;
  const beside = [adamw, best].filter((other, i, all) => other !== place && all.indexOf(other) === i);
  const compared = beside.map((other) => comparison(place, other, other.contestant));
  const where = `At ${tokens.toLocaleString("en")} tokens a step it ends at ${place.mean.toFixed(3)} nats a byte`;
  const costs = [`Its state is ${share(place.bytes / adamw.bytes)} of AdamW's`];
  if (place.seconds !== undefined && adamw.seconds !== undefined) {
    costs.push(`it takes ${times(place.seconds / adamw.seconds)} AdamW's time for as many tokens`);
  }
  const losses = compared.length === 0 ? where : `${where}: it ${compared.join(", and ")}`;
  return [`${losses}.`, ...(place === adamw ? [] : [`${costs.join("; ")}.`])];
}

const bestOf = (places: readonly Place[]): Place | undefined => [...places].sort((a, b) => a.mean - b.mean)[0];
const adamwOf = (places: readonly Place[]): Place => places.find(({ contestant }) => contestant === "AdamW")!;
const share = (ratio: number): string => `${(100 * ratio).toFixed(0)} %`;
const times = (ratio: number): string => `${ratio.toFixed(1)} times`;
