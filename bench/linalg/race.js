const ROUNDS = 7;
const ROUND_MS = 20;
/** Slower calls are timed in fewer rounds, once in each. */
const PATIENCE_MS = 300;
/** Slower calls are not repeated: the first time is used. */
const LIMIT_MS = 1500;

/**
 * Times one task: every round runs each contestant that has the routine. A contestant that throws is listed with its error.
 *
 * @returns for each contestant its name, the quartiles of a call's milliseconds, and its last result.
 */
export async function race(contestants, task, operands) {
  const entries = [];
  for (const contestant of contestants) {
    const { name } = contestant;
    try {
      const prepared = await contestant[task.routine]?.(task, ...operands);
      if (prepared !== undefined) entries.push(await warmUp({ name, ...prepared, samples: [] }));
    } catch (error) {
      entries.push({ name, error: error.message, rounds: 0 });
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const entry of entries) {
      if (round >= entry.rounds) continue;
      try {
        entry.samples.push((await timeCalls(entry, entry.calls)) / entry.calls);
      } catch (error) {
        Object.assign(entry, { error: error.message, rounds: 0 });
      }
    }
  }
  const finished = [];
  for (const { name, error, samples, result } of entries) {
    finished.push(error === undefined ? { name, ms: quartiles(samples), result: await result() } : { name, error });
  }
  for (const { dispose } of entries) dispose?.();
  return finished;
}

/** Runs until compiled, and determines the number of calls a round and the number of rounds. */
async function warmUp(entry) {
  let onceMs = Number.POSITIVE_INFINITY;
  let calls = 0;
  let now = performance.now();
  const end = now + 5 * ROUND_MS;
  do {
    const start = now;
    await timeCalls(entry, 1);
    now = performance.now();
    onceMs = Math.min(onceMs, now - start);
    calls++;
  } while (now < end || (calls < 2 && onceMs < LIMIT_MS));
  if (onceMs >= LIMIT_MS) return { ...entry, samples: [onceMs], rounds: 0 };
  return { ...entry, calls: Math.max(1, Math.round(ROUND_MS / onceMs)), rounds: onceMs > PATIENCE_MS ? 3 : ROUNDS };
}

async function timeCalls(entry, calls) {
  if (entry.time !== undefined) return entry.time(calls);
  const start = performance.now();
  for (let call = 0; call < calls; call++) entry.run();
  return performance.now() - start;
}

function quartiles(samples) {
  const sorted = samples.toSorted((x, y) => x - y);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return { least: sorted[0], lower: at(0.25), median: at(0.5), upper: at(0.75), rounds: samples.length };
}
