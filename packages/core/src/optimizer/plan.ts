import { algorithms, type OptimizerName } from "../algorithms/algorithms.ts";
import { checkOptionNames } from "../algorithms/option-names.ts";
import type { BackendSizes } from "../backend/backend.ts";
import { linalgSizes } from "../backend/linalg-backend.ts";
import { describe, OptimizerOptionError, ParameterError } from "../errors.ts";
import { checkClip } from "../wrappers/clip.ts";
import { type Assignment, assignGroups, type Group } from "./groups.ts";
import { flattened, type ParameterShape } from "./parameter.ts";

/** The optimizer of one parameter, and its memory. */
export interface ParameterPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly optimizer: OptimizerName;
  /** Reason for this optimizer. */
  readonly reason: string;
  /** The options as resolved for this shape, e.g. a clamped rank. */
  readonly note?: string;
  /** Numbers in the state; at the largest rank if the rank is adaptive. */
  readonly stateFloats: number;
  /** Bytes of the state. */
  readonly stateBytes: number;
  /** The rank that has the state, but for what all have, where `ranks` divide it. */
  readonly owner?: number;
  /**
   * Bytes that each rank of a data-parallel run gives to the sum in a step; where a step needs the whole gradient, those of `refreshSumBytes`.
   * At most so many where the gradient is `sparse`.
   */
  readonly sumBytes: number;
  /** The same in a step that computes a new subspace: those of the gradient. */
  readonly refreshSumBytes: number;
  /** Bytes that the owner sends back in a step: its update of a projected gradient, or the weight. */
  readonly updateBytes?: number;
  /** The same in a step that computes a new subspace: weight and basis. */
  readonly refreshUpdateBytes?: number;
}

/** The memory that an optimizer will allocate. */
export interface Plan {
  readonly parameters: readonly ParameterPlan[];
  readonly stateFloats: number;
  readonly stateBytes: number;
  /** Bytes of the state that each rank has, where `ranks` divide it. */
  readonly shardBytes?: readonly number[];
  /** Bytes of scratch, which all parameters share. */
  readonly workspaceBytes: number;
  /**
   * Peak bytes of the sums of micro-batches and ranks, when every parameter needs its whole gradient; 0 if there are none.
   * Allocated by the first micro-batch, and shrunk where the next step needs only projections.
   */
  readonly accumulationBytes: number;
}

/** Options of {@link plan}. */
export interface PlanOptions {
  /** Sizes of the backend. Default: those of `linalgBackend`. */
  readonly sizes?: BackendSizes;
  /** See `createOptimizer`. Default 1. */
  readonly microBatches?: number;
  /** See `createOptimizer`. Clipped gradients are in scratch. */
  readonly clip?: number;
  /** Ranks that divide the state, as with `shardState` of `createOptimizer`. Default: none do. */
  readonly ranks?: number;
}

/**
 * Plans the optimizer that `createOptimizer` assigns to each parameter and the bytes that it allocates, without allocating anything.
 *
 * @throws {OptimizerOptionError} @throws {ParameterError} as `createOptimizer` does.
 *
 * @example
 * plan([{ name: "w", shape: [1024, 4096] }], { optimizer: "sumo", lr: 8e-3, rank: 128 }).stateFloats; // 128 (1024 + 4096)
 */
export function plan(
  parameters: readonly ParameterShape[],
  options: Group | readonly Group[],
  planOptions: PlanOptions = {},
): Plan {
  if (typeof planOptions !== "object" || planOptions === null) {
    throw new OptimizerOptionError("planOptions", "an object such as { microBatches: 4 }", planOptions);
  }
  checkOptionNames("plan's", planOptions, ["sizes", "microBatches", "clip", "ranks"]);
  const { sizes = linalgSizes, microBatches = 1, clip, ranks } = planOptions;
  checkMicroBatches(microBatches);
  checkClip(clip);
  if (ranks !== undefined && !(Number.isSafeInteger(ranks) && ranks >= 1)) {
    throw new OptimizerOptionError("ranks", "a whole number >= 1", ranks);
  }
  const sums = { accumulates: microBatches > 1, clips: clip !== undefined, ...(ranks !== undefined && { ranks }) };
  return planAssignments(assignGroups(parameters, options), sizes, sums).plan;
}

/** @throws {OptimizerOptionError} */
export function checkMicroBatches(count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) >= 1) return;
  throw new OptimizerOptionError("microBatches", "a whole number >= 1", count);
}

/** {@link plan} for assigned groups, with the bytes to request of the backend's `scratch`. */
export function planAssignments(
  assignments: readonly Assignment[],
  sizes: BackendSizes,
  { accumulates, clips, ranks }: { readonly accumulates: boolean; readonly clips: boolean; readonly ranks?: number },
): { readonly plan: Plan; readonly scratchBytes: number } {
  let scratchBytes = 0;
  const replicatedBytes: number[] = [];
  const undivided = assignments.map((assignment): ParameterPlan => {
    const { parameter, settings, parts, reason } = assignment;
    const { optimizer } = settings;
    const plans = parts.map(({ rows, cols }) => algorithms[optimizer].plan(rows, cols, settings, sizes));
    // Sums of gradients are scaled in place.
    const scaled = clips && !accumulates ? sizes.matrix(...flattened(parameter.shape, assignment.layout)) : 0;
    for (const plan of plans) scratchBytes = Math.max(scratchBytes, scaled + plan.scratchBytes);
    const shapes = plans.flatMap(({ state }) => Object.values(state));
    const note = plans[0]!.note;
    const wholes = parts.map(({ rows, cols }) => [rows, cols] as const);
    const replicas = plans.map(({ state, replicated = [] }) => replicated.map((key) => state[key]!));
    const sums = plans.map(({ projection }, i) => (clips ? undefined : projection) ?? wholes[i]!);
    const updates = plans.map(({ projection, followed }, i) => (followed ? projection : undefined) ?? wholes[i]!);
    // Ranks tell each other which rows of sparse gradients they send, in a byte a row.
    const marks = (shapes: typeof wholes): number =>
      parameter.sparse === true
        ? numbersIn(shapes.filter((shape, i) => shape === wholes[i]).map(([rows]) => [rows, 1]))
        : 0;
    replicatedBytes.push(allocatedBytes(replicas.flat(), sizes));
    return {
      name: parameter.name,
      shape: parameter.shape,
      optimizer,
      reason,
      ...(note !== undefined && { note }),
      stateFloats: numbersIn(shapes),
      stateBytes: allocatedBytes(shapes, sizes),
      sumBytes: bytesIn(sums) + marks(sums),
      refreshSumBytes: bytesIn(wholes) + marks(wholes),
      ...(ranks !== undefined && {
        updateBytes: bytesIn(updates),
        refreshUpdateBytes: bytesIn([...wholes, ...replicas.flat()]),
      }),
    };
  });
  const plan = {
    ...(ranks === undefined ? { parameters: undivided } : divided(undivided, replicatedBytes, ranks)),
    stateFloats: undivided.reduce((sum, { stateFloats }) => sum + stateFloats, 0),
    stateBytes: undivided.reduce((sum, { stateBytes }) => sum + stateBytes, 0),
    workspaceBytes: sizes.scratch(scratchBytes),
    accumulationBytes: accumulates ? gradientBytes(assignments, sizes) : 0,
  };
  return { plan, scratchBytes };
}

/** Gives each parameter an owner: the one with most state first, to the rank with least. */
function divided(
  undivided: readonly ParameterPlan[],
  replicatedBytes: readonly number[],
  ranks: number,
): Required<Pick<Plan, "parameters" | "shardBytes">> {
  const own = undivided.map(({ stateBytes }, i) => stateBytes - replicatedBytes[i]!);
  const shares = Array.from({ length: ranks }, () => ({ bytes: 0, count: 0 }));
  const owners: number[] = [];
  for (const i of [...own.keys()].sort((a, b) => own[b]! - own[a]!)) {
    const owner = shares.reduce((least, { bytes, count }, rank) => {
      const other = shares[least]!;
      return bytes < other.bytes || (bytes === other.bytes && count < other.count) ? rank : least;
    }, 0);
    owners[i] = owner;
    shares[owner]!.bytes += own[i]!;
    shares[owner]!.count++;
  }
  const replicated = replicatedBytes.reduce((sum, bytes) => sum + bytes, 0);
  return {
    parameters: undivided.map((parameter, i) => ({ ...parameter, owner: owners[i]! })),
    shardBytes: shares.map(({ bytes }) => bytes + replicated),
  };
}

/** Owners of the parameters of a plan whose state is divided. */
export const ownersOf = ({ parameters }: Plan): readonly number[] => parameters.map(({ owner }) => owner!);

const allocatedBytes = (shapes: readonly (readonly [rows: number, cols: number])[], sizes: BackendSizes): number =>
  shapes.reduce((sum, [rows, cols]) => sum + sizes.allocated(rows, cols), 0);

const bytesIn = (shapes: readonly (readonly [rows: number, cols: number])[]): number =>
  Float32Array.BYTES_PER_ELEMENT * numbersIn(shapes);

const numbersIn = (shapes: readonly (readonly [rows: number, cols: number])[]): number =>
  shapes.reduce((sum, [rows, cols]) => sum + rows * cols, 0);

/** Bytes of all gradients at their full size. */
function gradientBytes(assignments: readonly Assignment[], sizes: BackendSizes): number {
  const shapes = assignments.flatMap(({ parts }) => parts.map(({ rows, cols }) => [rows, cols] as const));
  return allocatedBytes(shapes, sizes);
}

/** A plan or a report as a table of text: every parameter with its optimizer, the bytes of its state and the reason. */
export function planTable(plan: Pick<Plan, "parameters" | "stateBytes">): string {
  if (!Array.isArray(plan?.parameters) || !plan.parameters.every(isPlanned)) {
    throw new ParameterError("plan", `expected the result of plan or report, got ${describe(plan)}`);
  }
  const { parameters, stateBytes } = plan;
  const head = ["parameter", "shape", "optimizer", "bytes", "reason"];
  const rows = parameters.map(({ name, shape, optimizer, stateBytes: bytes, reason }) => [
    name,
    `[${shape.join(", ")}]`,
    optimizer,
    String(bytes),
    reason,
  ]);
  const lines = [head, ...rows, ["all", "", "", String(stateBytes), ""]];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const padded = (line: readonly string[]): string =>
    line
      .map((text, column) => (column === BYTES ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)))
      .join("  ");
  return lines.map((line) => padded(line).trimEnd()).join("\n");
}

const isPlanned = (row: Partial<ParameterPlan> | null): boolean =>
  Array.isArray(row?.shape) && [row.name, row.optimizer, row.reason].every((text) => typeof text === "string");

/** The column of numbers. */
const BYTES = 3;
