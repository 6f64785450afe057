import type { Heap } from "../../heap.ts";
import { startWorker, type WorkerHandle } from "./worker-host.ts";
import { PROTOCOL, runWorker } from "./worker-loop.ts";

const { idle: IDLE, busy: BUSY, failed: FAILED, quit: QUIT, taskLength: TASK_LENGTH, spins: SPINS } = PROTOCOL;

/** Arguments of a kernel, first its index in the list of names that the pool was made with. */
export type Task = readonly number[];

/**
 * Workers on one shared heap that run WebAssembly kernels. A worker takes part as soon as it has started; until then, and after
 * {@link dispose}, the caller does all the work.
 */
export class ThreadPool {
  /** One word for each worker: absent (0), idle, busy, failed or told to quit. */
  private readonly states: Int32Array;
  private readonly tasks: Float64Array;
  private readonly workers: readonly WorkerHandle[];

  constructor(heap: Heap, count: number, module: WebAssembly.Module, kernels: readonly string[]) {
    this.states = heap.int32(count);
    this.tasks = heap.float64(count * TASK_LENGTH);
    const { memory } = heap;
    const [states, tasks] = [this.states.byteOffset, this.tasks.byteOffset];
    this.workers = Array.from({ length: count }, (_, i) => {
      const place = { state: states + 4 * i, task: tasks + 8 * TASK_LENGTH * i };
      return startWorker(runWorker, { module, memory, kernels, ...place, protocol: PROTOCOL });
    });
  }

  /** How many workers could take a task now. */
  get idle(): number {
    let count = 0;
    for (let i = 0; i < this.states.length; i++) if (Atomics.load(this.states, i) === IDLE) count++;
    return count;
  }

  /**
   * Runs `tasks` on that many idle workers and `own` here; returns when all are done.
   * @throws {RangeError} if a kernel left the memory.
   */
  run(tasks: readonly Task[], own: () => void): void {
    const taken: number[] = [];
    for (const task of tasks) {
      const worker = this.states.findIndex((_, i) => Atomics.load(this.states, i) === IDLE);
      this.tasks.set(task, worker * TASK_LENGTH);
      Atomics.store(this.states, worker, BUSY);
      Atomics.notify(this.states, worker);
      taken.push(worker);
    }
    let failures = 0;
    try {
      own();
    } finally {
      for (const worker of taken) if (this.join(worker)) failures++;
    }
    if (failures > 0) throw new RangeError("a kernel failed in a worker: an operand lies outside the memory");
  }

  /** Ends the workers. Their words stay allocated, because a worker may look at them until it has ended. */
  dispose(): void {
    for (let i = 0; i < this.states.length; i++) {
      Atomics.store(this.states, i, QUIT);
      Atomics.notify(this.states, i);
    }
    for (const worker of this.workers) worker.terminate();
  }

  /** Waits until the worker is done. Returns whether its kernel failed. */
  private join(worker: number): boolean {
    for (let spins = 0; Atomics.load(this.states, worker) === BUSY; spins++) {
      // Parking is not allowed on a page's main thread, which goes on spinning.
      if (spins > SPINS && canPark) Atomics.wait(this.states, worker, BUSY);
    }
    return Atomics.compareExchange(this.states, worker, FAILED, IDLE) === FAILED;
  }
}

const canPark = typeof document === "undefined";
