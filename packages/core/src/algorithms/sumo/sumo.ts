import type { Backend } from "../../backend/backend.ts";
import type { Facts, Place, ProjectedInput, StepInput, Stepper, StepTrace } from "../stepper.ts";
import { decayAlone, descend } from "../steps/descend.ts";
import { type Geometry, geometryOf } from "../steps/geometry.ts";
import { type Limited, limitGrowth } from "../steps/limit.ts";
import { orthogonalize } from "../steps/orthogonalize.ts";
import { updateScale } from "../steps/scale.ts";
import { lift, project } from "../steps/subspace.ts";
import { inspect } from "../steps/telemetry.ts";
import { type Subspace, SumoMemory } from "./memory.ts";
import { accumulate, lookAhead, momentUnit } from "./moment.ts";
import { jointWeight, type Residual, type SumoSettings } from "./options.ts";
import { refreshSubspace } from "./refresh.ts";
import { addResidual, firaCeiling, firaNorm, linesAcross } from "./residual/fira.ts";
import { type Action, headStartOf, nextAction } from "./state.ts";

/**
 * SUMO for one weight of m × n: one moment in an r-dimensional subspace of the gradient, orthogonalized exactly.
 * State: r (m + n) numbers. Cost of a step: the products Qᵀ G and Q O (4 mnr flops), and the polar factor of an r × n matrix.
 *
 * The new state is made in scratch memory and kept at the end, after the weight was written, so that a step that throws changes nothing.
 *
 * @see Refael, Smorodinsky, Tirer, Lindenbaum, SUMO (2025), arXiv 2505.24749, Algorithm 1. Deviates where an option says so.
 */
export class Sumo<T> implements Stepper<T> {
  private readonly backend: Backend<T, never>;
  private readonly settings: SumoSettings;
  private readonly place: Place;
  /** At the largest rank. */
  private readonly full: Geometry;
  private readonly memory: SumoMemory<T>;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: SumoSettings,
    place: Place,
    state: Readonly<Record<"basis" | "moment", T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.place = place;
    this.full = geometryOf(rows, cols, settings);
    this.memory = new SumoMemory(backend, this.full, settings, state);
  }

  /** Algorithm 1. */
  update(input: StepInput<T>): StepTrace {
    switch (this.nextAction(input.gradientNorm)) {
      case "wait":
        return this.wait(input);
      case "refresh":
        return input.scratch.scope(() => this.takeGradient(input, this.refresh(input), input.gradientNorm));
      case "project":
        return input.scratch.scope(() => this.takeGradient(input, this.memory.load(input.scratch), input.gradientNorm));
    }
  }

  /** On a backend that carries norms along, a step that keeps its subspace reads them with what it reads anyway. */
  refusesItself(watched: boolean): boolean {
    const carries = this.backend.expectNorms !== undefined && !this.measuresCaptured(watched);
    return carries && this.nextAction(Infinity) === "project";
  }

  /** What a gradient that is not finite gives, is not finite either: the limiter refuses it. */
  updateUnchecked(input: Omit<StepInput<T>, "gradientNorm">): StepTrace {
    return input.scratch.scope(() => this.takeGradient(input, this.memory.load(input.scratch), undefined));
  }

  private measuresCaptured(watched: boolean): boolean {
    return !this.backend.readsStall || watched || "captureBelow" in this.settings.refresh;
  }

  private nextAction(gradientNorm: number): Action {
    const { settings, place, memory } = this;
    const headStart = headStartOf(settings.refresh, place.index, place.count);
    return nextAction(memory.phase, settings.refresh, gradientNorm, headStart);
  }

  /** Step 1. */
  private refresh(input: StepInput<T>): Subspace<T> {
    const { backend, full, settings, place, memory } = this;
    const { phase } = memory;
    const old = phase.phase === "cold" ? undefined : memory.load(input.scratch);
    const key = [settings.seed, place.stream, phase.phase === "cold" ? 0 : phase.refreshes] as const;
    return refreshSubspace(backend, full, settings, key, old, input);
  }

  /** Step 2. */
  private takeGradient(
    input: Omit<StepInput<T>, "gradientNorm">,
    subspace: Subspace<T>,
    gradientNorm: number | undefined,
  ): StepTrace {
    const { backend, settings } = this;
    const { gradient, scratch, watched } = input;
    const { basis, geometry, refresh } = subspace;
    backend.expectNorms?.(gradient, settings.residual === "fira" ? linesAcross(geometry) : undefined);
    const projected = scratch.matrix(geometry.momentRows, geometry.momentCols);
    project(backend, projected, basis, gradient, geometry);
    const measured = gradientNorm !== undefined && (refresh !== undefined || this.measuresCaptured(watched));
    if (!measured) return this.takeProjected(input, gradient, projected, subspace, undefined);
    const captured = gradientNorm === 0 ? 1 : (backend.norm(projected) / gradientNorm) ** 2;
    return this.takeProjected(input, gradient, projected, subspace, captured);
  }

  /** Steps 3 to 5. `projected` is overwritten; `gradient` is needed only for what lies outside the subspace. */
  private takeProjected(
    input: StepContext<T>,
    gradient: T | undefined,
    projected: T,
    subspace: Subspace<T>,
    captured: number | undefined,
  ): StepTrace {
    const { backend, settings } = this;
    const { basis, geometry, refresh } = subspace;
    const moment = input.scratch.matrix(geometry.momentRows, geometry.momentCols);
    const inside = input.scratch.matrix(geometry.momentRows, geometry.momentCols);
    accumulate(backend, moment, subspace.moment, projected, settings);
    lookAhead(backend, inside, moment, projected, settings);

    const work = { basis, geometry, inside, projected, gradient };
    const joint = jointWeight(settings.residual);
    const { lastNorm, ...trace } =
      joint === undefined ? this.stepInside(work, input) : this.stepJointly(work, joint, input);
    this.memory.keep(subspace, moment, lastNorm, captured);
    const seen = captured === undefined ? {} : { captured, capturedByChance: geometry.rank / geometry.basisRows };
    return { ...trace, orthogonalized: true, ...seen, ...(refresh && { refresh }) };
  }

  /** Steps 3 to 5, the paper's: orthogonalize inside the subspace, add what lies outside, descend. */
  private stepInside({ basis, geometry, inside, projected, gradient }: Work<T>, input: StepContext<T>): NormedTrace {
    const { backend, settings, place, memory } = this;
    const { weight, lr, scratch, watched } = input;
    const { rows, cols, rank, momentRows, momentCols } = geometry;
    const residual = settings.residual as Exclude<Residual, "joint">;
    if (residual === "fira") backend.expectNorms?.(projected, linesAcross(geometry));
    const info = orthogonalize(backend, inside, momentRows, momentCols, settings.orthogonalize, scratch);
    const seen = watched ? inspect(backend, info, inside, momentRows, momentCols, scratch) : {};
    const scale = updateScale(settings, rows, cols, rank, place.layout);
    backend.axpby(inside, scale, inside, 0);

    if (residual === "off" && !settings.cautious) {
      // Q is orthonormal, so ‖Q O‖ = ‖O‖ and the update need never be formed beside the weight.
      const found = this.limit(inside);
      memory.makeRoom(geometry);
      lift(backend, weight, basis, inside, geometry, { alpha: -lr, beta: 1 - lr * settings.weightDecay });
      return { ...found, ...seen, lastNorm: found.updateNorm };
    }
    const limitedO = settings.growthLimitOn === "orthogonal" ? this.limit(inside) : undefined;
    const ceiling = residual === "fira" ? firaCeiling(scale, geometry) : Infinity;
    const direction = scratch.matrix(rows, cols);
    const outside = residual !== "off";
    const known = residual === "fira" ? firaNorm(backend, inside, projected, gradient!, geometry) : undefined;
    if (outside) addResidual(backend, direction, inside, projected, gradient!, residual, geometry, scratch);
    lift(backend, direction, basis, inside, geometry, { beta: outside ? 1 : 0 });
    const found = limitedO
      ? limitGrowth(backend, direction, 0, "off", ceiling, known)
      : this.limit(direction, ceiling, known);
    memory.makeRoom(geometry);
    descend(backend, weight, direction, lr, settings);
    const limited = found.limited || limitedO?.limited === true;
    return { updateNorm: found.updateNorm, limited, ...seen, lastNorm: (limitedO ?? found).updateNorm };
  }

  /** Ours: orthogonalize Q X + c R as a whole, while only the subspace is remembered. X is the moment in units of one gradient. */
  private stepJointly(
    { basis, geometry, inside, projected, gradient }: Work<T>,
    outsideWeight: number,
    input: StepContext<T>,
  ): NormedTrace {
    const { backend, settings, place, memory } = this;
    const { weight, lr, scratch, watched } = input;
    const { rows, cols } = geometry;
    const direction = scratch.matrix(rows, cols);
    backend.axpby(inside, -outsideWeight, projected, momentUnit(settings));
    backend.axpby(direction, outsideWeight, gradient!, 0);
    lift(backend, direction, basis, inside, geometry, { beta: 1 });
    const info = orthogonalize(backend, direction, rows, cols, settings.orthogonalize, scratch);
    const seen = watched ? inspect(backend, info, direction, rows, cols, scratch) : {};
    backend.axpby(direction, updateScale(settings, rows, cols, Math.min(rows, cols), place.layout), direction, 0);
    const found = this.limit(direction);
    memory.makeRoom(geometry);
    descend(backend, weight, direction, lr, settings);
    return { ...found, ...seen, lastNorm: found.updateNorm };
  }

  /** Step 4. */
  private limit(x: T, ceiling = Infinity, known?: number): Limited {
    const { phase } = this.memory;
    const lastNorm = phase.phase === "tracking" ? phase.lastNorm : 0;
    return limitGrowth(this.backend, x, lastNorm, this.settings.growthLimit, ceiling, known);
  }

  /** Nothing to learn from yet: the weight decays, the step counts. */
  private wait({ weight, lr }: StepInput<T>): StepTrace {
    decayAlone(this.backend, weight, lr, this.settings);
    this.memory.wait();
    return { updateNorm: 0 };
  }

  /** Without a residual, a step that keeps its subspace needs only Qᵀ G. Captured energy would need the rest as well. */
  projectedShape(): readonly [number, number] | undefined {
    const { settings, memory } = this;
    const enough = settings.residual === "off" && "every" in settings.refresh && settings.stateBits === 32;
    const { momentRows, momentCols } = memory.geometry;
    return enough && this.nextAction(Infinity) === "project" ? [momentRows, momentCols] : undefined;
  }

  projectInto(out: T, gradient: T, beta: 0 | 1): void {
    project(this.backend, out, this.memory.matrices.basis, gradient, this.full, beta);
  }

  updateProjected({ projected, ...input }: ProjectedInput<T>): StepTrace {
    return input.scratch.scope(() =>
      this.takeProjected(input, undefined, projected, this.memory.load(input.scratch), undefined),
    );
  }

  get step(): number {
    return this.memory.phase.step;
  }

  get state(): Readonly<Record<"basis" | "moment", T>> {
    return this.memory.matrices;
  }

  stateShapes(facts: Facts): Readonly<Record<string, readonly [number, number]>> {
    return this.memory.shapes(facts);
  }

  facts(): Facts {
    return this.memory.facts();
  }

  restore(facts: Facts): void {
    this.memory.restore(facts);
  }
}

/** What steps 3 to 5 work on: the look-ahead moment `inside` and Ĝ, both overwritten. */
interface Work<T> {
  readonly basis: T;
  readonly geometry: Geometry;
  readonly inside: T;
  readonly projected: T;
  readonly gradient: T | undefined;
}

type StepContext<T> = Omit<ProjectedInput<T>, "projected">;

/** `lastNorm` is what the limiter compares the next step with. */
type NormedTrace = StepTrace & { readonly lastNorm: number };
