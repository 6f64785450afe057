/** One way of doing a job: `job` is timed as a whole and ends with a read-back. */
export interface Contender {
  readonly name: string;
  job(): void | Promise<void>;
  dispose(): void | Promise<void>;
}

export interface Timing {
  readonly case: string;
  readonly contender: string;
  /** Least and median of the repeats, in milliseconds. */
  readonly leastMs: number;
  readonly medianMs: number;
}

const ROUNDS = 11;
/** A contender that has had so much time sits the other rounds out, after two at least. */
const ENOUGH_MS = 3000;

/** Times the contenders in interleaved rounds, so that noise affects all equally. */
export async function race(name: string, contenders: readonly Contender[]): Promise<Timing[]> {
  const times = contenders.map((): number[] => []);
  for (const { job } of contenders) await job();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { job }] of contenders.entries()) {
      const spent = times[i]!.reduce((total, time) => total + time, 0);
      if (round >= 2 && spent > ENOUGH_MS) continue;
      const start = performance.now();
      await job();
      times[i]!.push(performance.now() - start);
    }
  }
  for (const { dispose } of contenders) await dispose();
  return contenders.map((contender, i) => {
    const sorted = times[i]!.sort((a, b) => a - b);
    return {
      case: name,
      contender: contender.name,
      leastMs: sorted[0]!,
      medianMs: sorted[Math.floor(sorted.length / 2)]!,
    };
  });
}
