/**
 * The next run that the map lacks; `undefined` if it is complete. Every contestant is tuned with the first seed on rates a factor of two apart,
 * until the best has a worse one on either side, and then runs with the other seeds at that rate. All are tuned before any other seed runs.
 *
 * @param rows - the runs so far: { width, tokens, contestant, lr, seed, loss }, a loss of `null` if the run diverged.
 * @param wanted - { widths, tokens, contestants, seeds }, lists; `contestants` by name with the rate to begin at, [name, rate].
 */
export function nextRun(rows, { widths, tokens, contestants, seeds }) {
  const places = widths.flatMap((width) =>
    tokens.flatMap((count) => contestants.map(([contestant, rate]) => ({ width, tokens: count, contestant, rate }))),
  );
  for (const { rate, ...place } of places) {
    const lr = nextRate(sweepOf(rows, place, seeds[0]), rate);
    if (lr !== undefined) return { ...place, lr, seed: seeds[0] };
  }
  for (const seed of seeds.slice(1)) {
    for (const { rate: _, ...place } of places) {
      const { lr } = bestOf(sweepOf(rows, place, seeds[0]));
      if (!runsOf(rows, place).some((run) => run.seed === seed && run.lr === lr)) return { ...place, lr, seed };
    }
  }
  return undefined;
}

/** The next rate to try; `undefined` if the best lies inside the rates tried. The lower neighbour first: a run at too high a rate is lost. */
export function nextRate(sweep, first) {
  if (sweep.length === 0) return first;
  const { lr, loss } = bestOf(sweep);
  const lowest = Math.min(...sweep.map((run) => run.lr));
  if (loss === null) return lowest / 2;
  return [lr / 2, lr * 2].find((neighbour) => !sweep.some((run) => run.lr === neighbour));
}

/** The run with the lowest loss. */
export function bestOf(sweep) {
  return sweep.reduce((best, run) => (lossOf(run) < lossOf(best) ? run : best));
}

/** The runs of one contestant at one width and number of tokens a step. */
export function runsOf(rows, { width, tokens, contestant }) {
  return rows.filter((row) => row.width === width && row.tokens === tokens && row.contestant === contestant);
}

export const sweepOf = (rows, place, seed) => runsOf(rows, place).filter((run) => run.seed === seed);

const lossOf = ({ loss }) => loss ?? Infinity;
