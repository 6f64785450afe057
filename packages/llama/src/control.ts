import type { Crew } from "./crew.ts";

/** The words of a {@link Control}. */
const ARRIVED = 0;
const GENERATION = 1;
const TASK = 2;
const JOINED = 3;
const CLOSED = 4;
export const CONTROL_WORDS = 5;

/** What the first member tells the others to do next. */
export const TASKS = { loss: 1, backward: 2, leave: 3 } as const;
export type Task = (typeof TASKS)[keyof typeof TASKS];

/** Looks at the barrier before a thread goes to sleep: some hundred microseconds, longer than members usually differ. */
const SPINS = 20_000;

/** How the members of a crew find each other: a few words in the shared memory. */
export class Control {
  private readonly words: Int32Array;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /** The view of member `index` of `count`. Its `wait` spins for a while, then sleeps; a browser's main thread may not sleep. */
  crew(index: number, count: number): Crew {
    return { index, count, wait: () => this.wait(count) };
  }

  get joined(): number {
    return Atomics.load(this.words, JOINED);
  }

  get task(): Task {
    return Atomics.load(this.words, TASK) as Task;
  }

  set task(task: Task) {
    Atomics.store(this.words, TASK, task);
  }

  /** A member comes. Returns whether the crew still takes members. */
  join(): boolean {
    Atomics.add(this.words, JOINED, 1);
    if (Atomics.load(this.words, CLOSED) === 0) return true;
    this.leave();
    return false;
  }

  /** The last thing that a member does. */
  leave(): void {
    Atomics.sub(this.words, JOINED, 1);
    Atomics.notify(this.words, JOINED);
  }

  /** Returns when every member has left. */
  waitForLeave(): void {
    for (let left = this.joined; left > 0; left = this.joined) Atomics.wait(this.words, JOINED, left);
  }

  /** Sends away the members of a crew that did not fill up; who comes later does not stay. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
    this.task = TASKS.leave;
    for (let left = this.joined; left > 0; left = this.joined) {
      // Again and again: a member may have joined just before, and only now begin to wait.
      this.nextGeneration();
      Atomics.wait(this.words, JOINED, left, 1);
    }
  }

  private nextGeneration(): void {
    Atomics.add(this.words, GENERATION, 1);
    Atomics.notify(this.words, GENERATION);
  }

  private wait(count: number): void {
    const { words } = this;
    const generation = Atomics.load(words, GENERATION);
    if (Atomics.add(words, ARRIVED, 1) === count - 1) {
      Atomics.store(words, ARRIVED, 0);
      this.nextGeneration();
      return;
    }
    for (let i = 0; i < SPINS; i++) if (Atomics.load(words, GENERATION) !== generation) return;
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
  }
}
