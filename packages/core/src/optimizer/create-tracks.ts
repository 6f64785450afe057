import { algorithms, type OptimizerName } from "../algorithms/algorithms.ts";
import type { Backend } from "../backend/backend.ts";
import { describe, ParameterError } from "../errors.ts";
import type { Assignment } from "./groups.ts";
import { flattened, streamOf } from "./parameter.ts";
import type { TrackedPart } from "./part.ts";
import { Track } from "./track.ts";

/** Creates a handle on the user's storage. @throws {ParameterError} if it cannot be updated in place, or not be split. */
export function weightOf<T, Source>(
  backend: Backend<T, Source>,
  { parameter, layout, parts }: Assignment,
  data: Source,
): T {
  const { name, shape } = parameter;
  if (typeof data !== "object" || data === null) {
    throw new ParameterError(name, `expected storage in \`data\`, got ${describe(data)}`);
  }
  const weight = backend.weight(data, ...flattened(shape, layout));
  if (weight === undefined) {
    const got = backend.shapeOf(data);
    const came = `${describe(data)}${got === undefined ? "" : ` of shape [${got.join(", ")}]`}`;
    const wanted = `storage of shape [${shape.join(", ")}] that ${backend.name} can update in place`;
    throw new ParameterError(name, `expected ${wanted}, got ${came}`);
  }
  if (parts.length > 1 && backend.rowsOf === undefined) {
    throw new ParameterError(name, `cannot be split: ${backend.name} has no handles on rows`);
  }
  return weight;
}

/** Owners of the states, where the ranks divide them. */
export interface Shards {
  /** This rank. */
  readonly rank: number;
  /** A rank for each parameter. */
  readonly owners: readonly number[];
}

/** Allocates every parameter's state, or this rank's part of it; if there is too little memory, releases all of it. */
export function createTracks<T>(
  backend: Backend<T, never>,
  assignments: readonly Assignment[],
  weights: readonly T[],
  turn: number,
  shards?: Shards,
): Map<string, Track<T>> {
  const allocated: T[] = [];
  const allocate = (shape: readonly [number, number]): T => {
    const matrix = backend.allocate(...shape);
    allocated.push(matrix);
    return matrix;
  };
  const counts = countByOptimizer(assignments);
  const indices = new Map<OptimizerName, number>();
  const trackOf = ({ settings, layout, parts, ...rest }: Assignment, weight: T, i: number): Track<T> => {
    const owner = shards?.owners[i];
    const owned = owner === shards?.rank;
    const tracked = parts.map((part): TrackedPart<T> => {
      const { rows, cols, name, firstRow } = part;
      const index = indices.get(settings.optimizer) ?? 0;
      indices.set(settings.optimizer, index + 1);
      const count = counts.get(settings.optimizer)!;
      const place = { stream: streamOf(name), index: (index + turn * count) % count, count, layout };
      const algorithm = algorithms[settings.optimizer];
      const planned = algorithm.plan(rows, cols, settings, backend.sizes);
      const replicated = owner === undefined ? Object.keys(planned.state) : (planned.replicated ?? []);
      const followed = owner !== undefined && planned.followed === true;
      const shapes = Object.entries(planned.state).filter(([key]) => owned || replicated.includes(key));
      const state = Object.fromEntries(shapes.map(([key, shape]) => [key, allocate(shape)]));
      const own = parts.length === 1 ? weight : backend.rowsOf!(weight, firstRow, rows);
      const stepper = algorithm.create(backend, rows, cols, settings, place, state);
      return { ...part, weight: own, stepper, replicated, followed };
    });
    return new Track(backend, { settings, layout, parts, ...rest }, tracked, owner, owned);
  };
  try {
    return new Map(
      assignments.map((assignment, i) => [assignment.parameter.name, trackOf(assignment, weights[i]!, i)]),
    );
  } catch (error) {
    for (const matrix of allocated) backend.dispose(matrix);
    throw error;
  }
}

function countByOptimizer(assignments: readonly Assignment[]): Map<OptimizerName, number> {
  const counts = new Map<OptimizerName, number>();
  for (const { settings, parts } of assignments) {
    counts.set(settings.optimizer, (counts.get(settings.optimizer) ?? 0) + parts.length);
  }
  return counts;
}
