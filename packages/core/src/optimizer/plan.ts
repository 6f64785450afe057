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
  /** Bytes that each rank of a data-parallel run gives to the sum in a step; where a step needs the whole gradient, those of `refreshSumBytes`. */
  readonly sumBytes: number;
  /** The same in a step that computes a new subspace: those of the gradient. */
  readonly refreshSumBytes: number;
}

/** The memory that an optimizer will allocate. */
export interface Plan {
  readonly parameters: readonly ParameterPlan[];
  readonly stateFloats: number;
  readonly stateBytes: number;
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
  checkOptionNames("plan's", planOptions, ["sizes", "microBatches", "clip"]);
  const { sizes = linalgSizes, microBatches = 1, clip } = planOptions;
  checkMicroBatches(microBatches);
  checkClip(clip);
  const accumulates = microBatches > 1;
  return planAssignments(assignGroups(parameters, options), sizes, { accumulates, clips: clip !== undefined }).plan;
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
  { accumulates, clips }: { readonly accumulates: boolean; readonly clips: boolean },
): { readonly plan: Plan; readonly scratchBytes: number } {
  let scratchBytes = 0;
  const parameters = assignments.map((assignment) => {
    const { parameter, settings, parts, reason } = assignment;
    const { optimizer } = settings;
    const plans = parts.map(({ rows, cols }) => algorithms[optimizer].plan(rows, cols, settings, sizes));
    // Sums of gradients are scaled in place.
    const scaled = clips && !accumulates ? sizes.matrix(...flattened(parameter.shape, assignment.layout)) : 0;
    for (const plan of plans) scratchBytes = Math.max(scratchBytes, scaled + plan.scratchBytes);
    const shapes = plans.flatMap(({ state }) => Object.values(state));
    const note = plans[0]!.note;
    const wholes = parts.map(({ rows, cols }) => [rows, cols] as const);
    const sums = plans.map(({ projection }, i) => (clips ? undefined : projection) ?? wholes[i]!);
    return {
      name: parameter.name,
      shape: parameter.shape,
      optimizer,
      reason,
      ...(note !== undefined && { note }),
      stateFloats: numbersIn(shapes),
      stateBytes: shapes.reduce((sum, [rows, cols]) => sum + sizes.allocated(rows, cols), 0),
      sumBytes: Float32Array.BYTES_PER_ELEMENT * numbersIn(sums),
      refreshSumBytes: Float32Array.BYTES_PER_ELEMENT * numbersIn(wholes),
    };
  });
  const plan = {
    parameters,
    stateFloats: parameters.reduce((sum, { stateFloats }) => sum + stateFloats, 0),
    stateBytes: parameters.reduce((sum, { stateBytes }) => sum + stateBytes, 0),
    workspaceBytes: sizes.scratch(scratchBytes),
    accumulationBytes: accumulates ? gradientBytes(assignments, sizes) : 0,
  };
  return { plan, scratchBytes };
}

const numbersIn = (shapes: readonly (readonly [rows: number, cols: number])[]): number =>
  shapes.reduce((sum, [rows, cols]) => sum + rows * cols, 0);

/** Bytes of all gradients at their full size. */
function gradientBytes(assignments: readonly Assignment[], sizes: BackendSizes): number {
  const bytes = assignments.flatMap(({ parts }) => parts.map(({ rows, cols }) => sizes.allocated(rows, cols)));
  return bytes.reduce((sum, size) => sum + size, 0);
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
