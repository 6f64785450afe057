import type { Heap } from "../heap.ts";
import { instantiateModule } from "../wasm/instantiate.ts";
import { startWorker, type WorkerHandle } from "./worker-host.ts";
import { PROTOCOL, runWorker } from "./worker-loop.ts";

const { idle: IDLE, given: GIVEN, taken: TAKEN, failed: FAILED, quit: QUIT } = PROTOCOL;
const { taskLength: TASK_LENGTH, spins: SPINS } = PROTOCOL;
/** Time after which a worker that has not taken its task counts as lost: the caller does the task. */
const PATIENCE_MS = 1000;

/** Arguments of a kernel, first its index in the list of names that the pool was made with. */
export type Task = readonly number[];

/**
 * Workers on one shared heap that run WebAssembly kernels. A worker takes part as soon as it has started; until then, and after
 * {@link dispose}, the caller does all the work.
 */
export class ThreadPool {
  /** One word for each worker: absent (0), idle, with a task given or taken, failed or told to quit. */
  private readonly states: Int32Array;
  private readonly tasks: Float64Array;
  private readonly workers: readonly WorkerHandle[];
  /** Does a task on this thread, for lost workers. */
  private readonly perform: (task: Task) => void;

  constructor(heap: Heap, count: number, module: WebAssembly.Module, kernels: readonly string[]) {
    this.perform = ([kernel, ...values]) => {
      const here = instantiateModule<Readonly<Record<string, (...values: number[]) => void>>>(module, heap);
      here[kernels[kernel!]!]!(...values);
    };
    this.states = heap.int32(count);
    this.tasks = heap.float64(count * TASK_LENGTH);
    const memory = heap.memory as WebAssembly.Memory;
    const [states, tasks] = [this.states.byteOffset, this.tasks.byteOffset];
    this.workers = Array.from({ length: count }, (_, i) => {
      const place = { state: states + 4 * i, task: tasks + 8 * TASK_LENGTH * i };
      return startWorker(runWorker, { module, memory, kernels, ...place, protocol: PROTOCOL });
    });
  }

  /** Number of workers that could take a task now. */
  get idle(): number {
    let count = 0;
    for (let i = 0; i < this.states.length; i++) if (Atomics.load(this.states, i) === IDLE) count++;
    return count;
  }

  /**
   * Runs `tasks` on that many idle workers and `own` here; returns when all are done. What a lost worker never began is done here.
   * @throws {RangeError} if a kernel left the memory.
   */
  run(tasks: readonly Task[], own: () => void): void {
    const taken: number[] = [];
    for (const task of tasks) {
      const worker = this.states.findIndex((_, i) => Atomics.load(this.states, i) === IDLE);
      this.tasks.set(task, worker * TASK_LENGTH);
      Atomics.store(this.states, worker, GIVEN);
      Atomics.notify(this.states, worker);
      taken.push(worker);
    }
    let outcomes: readonly Outcome[] = [];
    try {
      own();
    } finally {
      outcomes = taken.map((worker) => this.join(worker));
    }
    if (outcomes.includes("failed")) {
      throw new RangeError("a kernel failed in a worker: an operand lies outside the memory");
    }
    for (const [i, task] of tasks.entries()) if (outcomes[i] === "lost") this.perform(task);
  }

  /** Ends the workers. Their words stay allocated, because a worker may look at them until it has ended. */
  dispose(): void {
    for (let i = 0; i < this.states.length; i++) {
      Atomics.store(this.states, i, QUIT);
      Atomics.notify(this.states, i);
    }
    for (const worker of this.workers) worker.terminate();
  }

  /** Waits until the worker is done, or has not begun in good time; such a worker gets no task again. */
  private join(worker: number): Outcome {
    const { states } = this;
    let since: number | undefined;
    for (let spins = 0; ; spins++) {
      const now = Atomics.load(states, worker);
      if (now !== GIVEN && now !== TAKEN) break;
      if (spins <= SPINS) continue;
      const time = performance.now();
      since ??= time;
      const late = time - since > PATIENCE_MS;
      if (late && Atomics.compareExchange(states, worker, GIVEN, QUIT) === GIVEN) return "lost";
      // A page's main thread may not block in Atomics.wait: it spins.
      if (canPark) Atomics.wait(states, worker, now, PATIENCE_MS);
    }
    return Atomics.compareExchange(states, worker, FAILED, IDLE) === FAILED ? "failed" : "done";
  }
}

type Outcome = "done" | "failed" | "lost";

const canPark = typeof document === "undefined";
