import { CrewError } from "../errors.ts";
import type { Crew } from "../pass/crew.ts";
import type { Task } from "../pass/pass.ts";
import type { LayerHalf } from "../weights/parameters.ts";

/** Indices of a {@link Barrier}'s words of shared memory. */
const ARRIVED = 0;
const GENERATION = 1;
const ORDER = 2;
const JOINED = 3;
const CLOSED = 4;
/** Reduction of member 0's share, in steps of 1 / `RELIEF_STEPS` of an equal share. */
const RELIEF: Readonly<Record<LayerHalf, number>> = { feedForward: 5, attention: 6 };
export const BARRIER_WORDS = 7;

/** Command from member 0 to the others: run a task of the pass, or leave the crew. */
type Order = Task | "leave";
/** Shared memory holds an order as its index in this list. */
const ORDERS: readonly Order[] = ["loss", "backward", "leave"];

/** Polls before a waiting thread goes to sleep: some hundred microseconds, longer than the members' arrivals usually differ. */
const SPINS = 20_000;
/** Poll interval of a sleeping thread. Timeouts count polls, so that a suspended process does not time out. */
const POLL_MS = 100;
/** Member 0's timeout in a barrier: `TIMEOUT_MS`, or `TIMEOUT_FACTOR` times the duration of its own share if that is longer. */
const TIMEOUT_MS = 5000;
const TIMEOUT_FACTOR = 20;
const RELIEF_STEPS = 32;

/**
 * The barrier of a crew, as one member uses it: a few words of shared memory and `Atomics`. `wait` polls for a while, then sleeps, which
 * a browser's main thread may not.
 */
export class Barrier implements Crew {
  readonly index: number;
  readonly count: number;
  private readonly words: Int32Array;
  /** Time at which this member last left the barrier. */
  private resumed = 0;

  constructor(words: Int32Array, index: number, count: number) {
    this.words = words;
    this.index = index;
    this.count = count;
  }

  /** Number of members beside member 0. */
  get joined(): number {
    return Atomics.load(this.words, JOINED);
  }

  /** The order of the current generation. */
  get order(): Order {
    return ORDERS[Atomics.load(this.words, ORDER)]!;
  }

  /** Adds this member. Returns false, and adds nobody, if the crew is closed. */
  join(): boolean {
    Atomics.add(this.words, JOINED, 1);
    if (!this.closed) return true;
    this.leave();
    return false;
  }

  /** Removes this member, which must not access the shared memory afterwards. */
  leave(): void {
    Atomics.sub(this.words, JOINED, 1);
    Atomics.notify(this.words, JOINED);
  }

  /** Gives the waiting members an order; called by member 0. @throws {CrewError} as `wait`. */
  begin(order: Order): void {
    Atomics.store(this.words, ORDER, ORDERS.indexOf(order));
    this.resumed = performance.now();
    this.wait();
  }

  /** Orders the members to leave. Returns whether all have left: a lost one may still write to the crew's memory. */
  dismiss(): boolean {
    try {
      this.begin("leave");
    } catch (error) {
      if (error instanceof CrewError) return false;
      throw error;
    }
    for (let left = this.joined; left > 0; left = this.joined) {
      if (!this.sleep(JOINED, left, TIMEOUT_MS)) return false;
    }
    return true;
  }

  /** Closes the crew: every present and later `wait` throws, `join` returns false. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    this.nextGeneration();
  }

  /**
   * Returns when every member has called it as often as this one.
   *
   * @throws {CrewError} if the crew is closed. On member 0 also if another member does not arrive in time; the crew is then closed.
   */
  wait(): void {
    this.arrive();
  }

  firstShare(half: LayerHalf): number {
    return 1 - Atomics.load(this.words, RELIEF[half]) / RELIEF_STEPS;
  }

  finish(half: LayerHalf): void {
    const last = this.arrive();
    if (this.index > 0) return;
    // No race: the others read it after the next barrier.
    const relief = Atomics.load(this.words, RELIEF[half]) + (last ? 1 : -1);
    Atomics.store(this.words, RELIEF[half], Math.max(0, Math.min(RELIEF_STEPS, relief)));
  }

  /** `wait`. Returns whether this member arrived last. */
  private arrive(): boolean {
    const { words } = this;
    const generation = Atomics.load(words, GENERATION);
    this.refuseIfClosed();
    const last = Atomics.add(words, ARRIVED, 1) === this.count - 1;
    if (last) {
      Atomics.store(words, ARRIVED, 0);
      this.nextGeneration();
    } else {
      const timeout = Math.max(TIMEOUT_MS, TIMEOUT_FACTOR * (performance.now() - this.resumed));
      for (let i = 0; i < SPINS && Atomics.load(words, GENERATION) === generation; i++);
      if (!this.sleep(GENERATION, generation, this.index === 0 ? timeout : Infinity)) this.close();
      this.refuseIfClosed();
    }
    this.resumed = performance.now();
    return last;
  }

  private get closed(): boolean {
    return Atomics.load(this.words, CLOSED) === 1;
  }

  private refuseIfClosed(): void {
    if (!this.closed) return;
    throw new CrewError(
      "threaded pass",
      "a worker failed, or ended; dispose of the pass and make one with new workers",
    );
  }

  private nextGeneration(): void {
    Atomics.add(this.words, GENERATION, 1);
    Atomics.notify(this.words, GENERATION);
  }

  /** Sleeps while a word has a value. Returns false after `timeoutMs`. */
  private sleep(word: number, value: number, timeoutMs: number): boolean {
    const interval = timeoutMs === Infinity ? Infinity : POLL_MS;
    for (let waited = 0; Atomics.load(this.words, word) === value; ) {
      if (waited >= timeoutMs) return false;
      if (Atomics.wait(this.words, word, value, interval) === "timed-out") waited += interval;
    }
    return true;
  }
}
