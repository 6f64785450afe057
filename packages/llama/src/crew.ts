/** The two times in a layer's way back when weights' gradients are made, and the first member hands out those made before. */
export type Phase = "feedForward" | "attention";

/** The threads that run one pass together: every member runs the same program on its own share of the work. */
export interface Crew {
  /** This thread's place, from 0. */
  readonly index: number;
  readonly count: number;
  /** Returns when every member has called it as often as this one: what they wrote before is then visible. */
  wait(): void;
  /** What the first member takes of a phase's work, in units of an equal share: at most 1. The same on all members. */
  lead(phase: Phase): number;
  /** `wait` at the end of a phase. If the first member comes last, it takes less of the next one, else more. */
  finish(phase: Phase): void;
}

/** A crew of one. */
export const alone: Crew = { index: 0, count: 1, wait: () => {}, lead: () => 1, finish: () => {} };

/**
 * This member's part of `total` things, in whole units of `unit` where they last: contiguous, in the order of the members.
 *
 * @param lead - the first member's part in units of an equal share; the others share the rest.
 */
export function shareOf(
  { index, count }: Pick<Crew, "index" | "count">,
  total: number,
  unit = 1,
  lead = 1,
): { readonly from: number; readonly to: number } {
  const units = Math.ceil(total / unit);
  const end = (members: number): number => {
    if (members === 0 || members === count) return members === 0 ? 0 : total;
    const shares = lead + ((members - 1) * (count - lead)) / (count - 1);
    return Math.min(total, Math.floor((units * shares) / count) * unit);
  };
  return { from: end(index), to: end(index + 1) };
}
