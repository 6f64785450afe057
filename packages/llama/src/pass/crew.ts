import type { LayerHalf } from "../weights/parameters.ts";

/**
 * The threads that run one pass together. Every member follows the same schedule on its own share of the work; member 0 is the calling
 * thread, which also calls back with the gradients.
 */
export interface Crew {
  /** Index of this thread, from 0. */
  readonly index: number;
  readonly count: number;
  /** Barrier: returns when every member has called it as often as this one. Earlier writes of all members are then visible. */
  wait(): void;
  /**
   * Member 0's share of the weight gradients of a half of a layer, in units of an equal share; at most 1. Below 1 where the call-backs
   * take member 0 time. The same number on every member.
   */
  firstShare(half: LayerHalf): number;
  /** Barrier after a half's weight gradients. Lowers that half's next `firstShare` if member 0 arrives last, raises it otherwise. */
  finish(half: LayerHalf): void;
}

/** A crew of one thread. */
export const alone: Crew = { index: 0, count: 1, wait: () => {}, firstShare: () => 1, finish: () => {} };

/**
 * This member's range of `total` items. Ranges follow the order of the members and start at multiples of `unit`.
 *
 * @param firstShare - member 0's share in units of an equal one; the others share the rest equally.
 */
export function shareOf(
  { index, count }: Pick<Crew, "index" | "count">,
  total: number,
  unit = 1,
  firstShare = 1,
): { readonly from: number; readonly to: number } {
  const units = Math.ceil(total / unit);
  const end = (members: number): number => {
    if (members === 0 || members === count) return members === 0 ? 0 : total;
    const shares = firstShare + ((members - 1) * (count - firstShare)) / (count - 1);
    return Math.min(total, Math.floor((units * shares) / count) * unit);
  };
  return { from: end(index), to: end(index + 1) };
}
