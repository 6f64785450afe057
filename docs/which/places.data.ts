import { readResults } from "../evidence/results.ts";
import type { Panel, Place } from "./recommend.ts";

/** Fewest seeds of a place, and fewest places beside AdamW of a panel, to recommend from. */
const [SEEDS, RIVALS] = [3, 3];

/** A contestant in `bench/results/state.json`; without a deviation if it has one seed. */
type Entry = Omit<Place, "deviation"> & {
  readonly deviation?: number;
  readonly tuned: boolean;
  readonly steps: number;
};

export default {
  watch: ["../../bench/results/state.json"],
  /** The parts of the map at width 128 that have, of all tokens, enough tuned optimizers of enough seeds, by tokens a step. */
  load([file]: readonly string[]): readonly Panel[] {
    const { total, panels } = readResults<{
      readonly total: number;
      readonly panels: readonly {
        readonly width: number;
        readonly tokens: number;
        readonly entries: readonly Entry[];
      }[];
    }>(file);
    return panels
      .filter(({ width }) => width === 128)
      .map(({ tokens, entries }) => ({
        tokens,
        places: entries.filter(isMeasured).filter(({ steps }) => steps * tokens === total),
      }))
      .filter(({ places }) => places.some(({ contestant }) => contestant === "AdamW") && places.length > RIVALS);
  },
};

const isMeasured = (entry: Entry): entry is Entry & Place =>
  entry.tuned && entry.deviation !== undefined && entry.losses.length >= SEEDS;

export declare const data: readonly Panel[];
