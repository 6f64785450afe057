/** Protocol of a pool and its workers in shared memory. */
export const PROTOCOL = {
  // States of a worker; 0 is absent: not started yet. A task is given first, and then taken.
  idle: 1,
  given: 2,
  taken: 3,
  failed: 4,
  quit: 5,
  /** Numbers in a task, kernel index included. */
  taskLength: 16,
  /** Looks at a word before a thread parks on it: some tens of microseconds, which is what waking a parked thread costs. */
  spins: 5000,
} as const;

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernels: readonly string[];
  /** Addresses of the worker's state and task. */
  readonly state: number;
  readonly task: number;
  readonly protocol: typeof PROTOCOL;
}

/**
 * The whole program of a worker: waits for tasks in shared memory, without messages, until told to quit.
 * It is sent as text, so it may use nothing from outside its body but the argument.
 */
export function runWorker({ module, memory, kernels, state, task, protocol }: WorkerStart): void {
  const { idle, given, taken, failed, quit, spins, taskLength } = protocol;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const calls = kernels.map((name) => exports[name] as (...values: number[]) => void);
  const states = new Int32Array(memory.buffer, state, 1);
  const values = new Float64Array(memory.buffer, task, taskLength);
  // Unless the pool was disposed of in the meantime.
  if (Atomics.compareExchange(states, 0, 0, idle) === quit) return;
  for (let looks = 0; ; looks++) {
    const now = Atomics.load(states, 0);
    if (now === quit) return;
    if (now !== given) {
      if (looks > spins) Atomics.wait(states, 0, now);
      continue;
    }
    // Unless the caller has taken it back.
    if (Atomics.compareExchange(states, 0, given, taken) !== given) continue;
    let next: number = idle;
    try {
      const [kernel, ...rest] = values;
      calls[kernel!]!(...rest);
    } catch {
      next = failed;
    }
    Atomics.compareExchange(states, 0, taken, next);
    Atomics.notify(states, 0);
    looks = 0;
  }
}
