import type { Crew, Phase } from "./crew.ts";
import { CrewError } from "./errors.ts";

/** The words of a {@link Control}. */
const ARRIVED = 0;
const GENERATION = 1;
const TASK = 2;
const JOINED = 3;
const CLOSED = 4;
/** What the first member does less than an equal share, in steps of the finest change. */
const RELIEF = { feedForward: 5, attention: 6 } as const;
export const CONTROL_WORDS = 7;

/** What the first member tells the others to do next. */
export const TASKS = { loss: 1, backward: 2, leave: 3 } as const;
export type Task = (typeof TASKS)[keyof typeof TASKS];

/** Looks at the barrier before a thread goes to sleep: some hundred microseconds, longer than members usually differ. */
const SPINS = 20_000;
/** A sleeping thread looks up so often. Time is counted in naps, so that a process that was stopped for an hour has waited for one. */
const NAP_MS = 100;
/** A member is lost if the first one has waited for it for this long, and for so many times what its own part took: parts are alike. */
const PATIENCE_MS = 5000;
const PATIENCE = 20;
/** Changes of its part that take the first member from an equal share to none. */
const RELIEF_STEPS = 32;

/**
 * How the members of a crew find each other: a few words in the shared memory, as one member sees them. `wait` spins for a while, then
 * sleeps; a browser's main thread may not sleep.
 */
export class Control implements Crew {
  readonly index: number;
  readonly count: number;
  private readonly words: Int32Array;
  /** When this member went on from the last barrier. */
  private resumed = 0;

  constructor(words: Int32Array, index: number, count: number) {
    this.words = words;
    this.index = index;
    this.count = count;
  }

  get joined(): number {
    return Atomics.load(this.words, JOINED);
  }

  get task(): Task {
    return Atomics.load(this.words, TASK) as Task;
  }

  /** A member comes. Returns whether the crew still takes members. */
  join(): boolean {
    Atomics.add(this.words, JOINED, 1);
    if (!this.closed) return true;
    this.leave();
    return false;
  }

  /** The last thing that a member does. */
  leave(): void {
    Atomics.sub(this.words, JOINED, 1);
    Atomics.notify(this.words, JOINED);
  }

  /** The first member tells the others what comes. @throws {CrewError} as `wait`. */
  begin(task: Task): void {
    Atomics.store(this.words, TASK, task);
    this.resumed = performance.now();
    this.wait();
  }

  /** Sends the others away. Returns whether all have gone: a lost one may still write to the memory that it was promised. */
  dismiss(): boolean {
    try {
      this.begin(TASKS.leave);
    } catch (error) {
      if (error instanceof CrewError) return false;
      throw error;
    }
    for (let left = this.joined; left > 0; left = this.joined) {
      if (!this.sleep(JOINED, left, PATIENCE_MS)) return false;
    }
    return true;
  }

  /** Ends the crew: whoever waits or will wait gets an error, who comes later does not stay. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    this.nextGeneration();
  }

  /**
   * Returns when every member has called it as often as this one.
   *
   * @throws {CrewError} if the crew was closed, or, on its first member, if another one is lost; the crew is then closed.
   */
  wait(): void {
    this.meet();
  }

  lead(phase: Phase): number {
    return 1 - Atomics.load(this.words, RELIEF[phase]) / RELIEF_STEPS;
  }

  finish(phase: Phase): void {
    const last = this.meet();
    if (this.index > 0) return;
    // The others read it after another barrier.
    const relief = Atomics.load(this.words, RELIEF[phase]) + (last ? 1 : -1);
    Atomics.store(this.words, RELIEF[phase], Math.max(0, Math.min(RELIEF_STEPS, relief)));
  }

  /** `wait`. Returns whether this member came last. */
  private meet(): boolean {
    const { words } = this;
    const generation = Atomics.load(words, GENERATION);
    this.refuseIfClosed();
    const last = Atomics.add(words, ARRIVED, 1) === this.count - 1;
    if (last) {
      Atomics.store(words, ARRIVED, 0);
      this.nextGeneration();
    } else {
      const patience = Math.max(PATIENCE_MS, PATIENCE * (performance.now() - this.resumed));
      for (let i = 0; i < SPINS && Atomics.load(words, GENERATION) === generation; i++);
      if (!this.sleep(GENERATION, generation, this.index === 0 ? patience : Infinity)) this.close();
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

  /** Sleeps while a word has a value. Returns false if that lasts longer than the patience. */
  private sleep(word: number, value: number, patienceMs: number): boolean {
    const nap = patienceMs === Infinity ? Infinity : NAP_MS;
    for (let waited = 0; Atomics.load(this.words, word) === value; ) {
      if (waited >= patienceMs) return false;
      if (Atomics.wait(this.words, word, value, nap) === "timed-out") waited += nap;
    }
    return true;
  }
}
