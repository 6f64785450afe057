import { algorithms, type OptimizerName } from "../algorithms/algorithms.ts";
import type { BackendSizes } from "../backend/backend.ts";
import { linalgSizes } from "../backend/linalg-backend.ts";
import { type Assignment, assignGroups, type Group } from "./groups.ts";
import { checkParameters, type ParameterShape } from "./parameter.ts";

/** The optimizer of one parameter, and the memory that it takes. */
export interface ParameterPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly optimizer: OptimizerName;
  /** Why this optimizer. */
  readonly reason: string;
  /** The options as resolved for this shape, e.g. a clamped rank. */
  readonly note?: string;
  /** Numbers in the state, at the largest rank where it is adaptive. */
  readonly stateFloats: number;
  /** Bytes that hold them. */
  readonly stateBytes: number;
}

/** The memory that an optimizer will allocate. */
export interface Plan {
  readonly parameters: readonly ParameterPlan[];
  readonly stateFloats: number;
  readonly stateBytes: number;
  /** Scratch that all parameters share. */
  readonly workspaceBytes: number;
  /**
   * The most that sums of micro-batches take, while every parameter needs its whole gradient; 0 without micro-batches.
   * Allocated by the first micro-batch, and smaller once a subspace is enough.
   */
  readonly accumulationBytes: number;
}

export interface PlanOptions {
  /** The backend's; `linalgBackend`'s by default. */
  readonly sizes?: BackendSizes;
  /** As in `createOptimizer`. Default 1. */
  readonly microBatches?: number;
}

/**
 * The optimizer that `createOptimizer` gives each parameter and the bytes that it allocates, before anything is allocated. Another
 * optimizer's options give that one's figures.
 *
 * @throws {OptimizerOptionError} @throws {ParameterError} as `createOptimizer` does.
 *
 * @example
 * plan([{ name: "w", shape: [1024, 4096] }], { optimizer: "sumo", lr: 8e-3, rank: 128 }).stateFloats; // 128 (1024 + 4096)
 */
export function plan(
  parameters: readonly ParameterShape[],
  options: Group | readonly Group[],
  { sizes = linalgSizes, microBatches = 1 }: PlanOptions = {},
): Plan {
  checkParameters(parameters);
  return planAssignments(assignGroups(parameters, options), sizes, microBatches).plan;
}

/** {@link plan} after groups were assigned, and what to ask the backend's `scratch` for. */
export function planAssignments(
  assignments: readonly Assignment[],
  sizes: BackendSizes,
  microBatches: number,
): { readonly plan: Plan; readonly scratchBytes: number } {
  let scratchBytes = 0;
  const parameters = assignments.map((assignment) => {
    const { parameter, settings, parts, reason } = assignment;
    const { optimizer } = settings;
    const plans = parts.map(({ rows, cols }) => algorithms[optimizer].plan(rows, cols, settings, sizes));
    for (const plan of plans) scratchBytes = Math.max(scratchBytes, plan.scratchBytes);
    const shapes = plans.flatMap(({ state }) => Object.values(state));
    const note = plans[0]!.note;
    return {
      name: parameter.name,
      shape: parameter.shape,
      optimizer,
      reason,
      ...(note !== undefined && { note }),
      stateFloats: shapes.reduce((sum, [rows, cols]) => sum + rows * cols, 0),
      stateBytes: shapes.reduce((sum, [rows, cols]) => sum + sizes.allocated(rows, cols), 0),
    };
  });
  const plan = {
    parameters,
    stateFloats: parameters.reduce((sum, { stateFloats }) => sum + stateFloats, 0),
    stateBytes: parameters.reduce((sum, { stateBytes }) => sum + stateBytes, 0),
    workspaceBytes: sizes.scratch(scratchBytes),
    accumulationBytes: microBatches === 1 ? 0 : gradientBytes(assignments, sizes),
  };
  return { plan, scratchBytes };
}

/** All gradients at their full size. */
function gradientBytes(assignments: readonly Assignment[], sizes: BackendSizes): number {
  const bytes = assignments.flatMap(({ parts }) => parts.map(({ rows, cols }) => sizes.allocated(rows, cols)));
  return bytes.reduce((sum, size) => sum + size, 0);
}
