/** The threads that run one pass together: every member runs the same program on its own share of the work. */
export interface Crew {
  /** This thread's place, from 0. */
  readonly index: number;
  readonly count: number;
  /** Returns when every member has called it as often as this one: what they wrote before is then visible. */
  wait(): void;
}

/** A crew of one. */
export const alone: Crew = { index: 0, count: 1, wait: () => {} };

/** This member's part of `total` things, in whole units of `unit` where they last: contiguous, in the order of the members. */
export function shareOf(
  { index, count }: Pick<Crew, "index" | "count">,
  total: number,
  unit = 1,
): { readonly from: number; readonly to: number } {
  const units = Math.ceil(total / unit);
  const end = (member: number): number => Math.min(total, Math.floor((units * member) / count) * unit);
  return { from: end(index), to: end(index + 1) };
}
