import type { Backend } from "../../backend/backend.ts";
import type { Facts } from "../facts.ts";
import type { Gradient } from "../gradient.ts";
import type { Place, StepInput, Stepper, StepTrace, SubspaceSum } from "../stepper.ts";
import { agreement, type GradientNorms, withGradient } from "../steps/agreement.ts";
import { decayAlone, descend } from "../steps/descend.ts";
import { type Geometry, geometryOf } from "../steps/geometry.ts";
import { type Limited, limitGrowth } from "../steps/limit.ts";
import { Subspace } from "../steps/subspace.ts";
import { SumoMemory, type Tracking } from "./memory.ts";
import { accumulate, lookAhead } from "./moment.ts";
import type { SumoSettings } from "./options.ts";
import { needsProjectionOnly } from "./plan.ts";
import { refreshSubspace } from "./refresh.ts";
import type { ResidualForm, Update } from "./residual/form.ts";
import { residualForm } from "./residual/forms.ts";
import { type Action, headStartOf, nextAction } from "./state.ts";

/**
 * SUMO for one weight of m × n: one moment in an r-dimensional subspace of the gradient, orthogonalized exactly.
 * State: r (m + n) numbers. Cost of a step: the products Qᵀ G and Q O (4 mnr flops), and the polar factor of an r × n matrix.
 *
 * The new state is computed in scratch and stored last, after the weight is written, so that a step that throws changes nothing.
 *
 * @see Refael, Smorodinsky, Tirer, Lindenbaum, SUMO (2025), arXiv 2505.24749, Algorithm 1. Deviates where an option says so.
 */
export class Sumo<T> implements Stepper<T> {
  private readonly backend: Backend<T, never>;
  private readonly settings: SumoSettings;
  private readonly place: Place;
  private readonly residual: ResidualForm;
  /** Geometry at the largest rank. */
  private readonly full: Geometry;
  private readonly memory: SumoMemory<T>;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: SumoSettings,
    place: Place,
    state: Readonly<Record<string, T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.place = place;
    this.residual = residualForm(settings.residual);
    this.full = geometryOf(rows, cols, settings);
    this.memory = new SumoMemory(backend, this.full, settings, state);
  }

  /** Algorithm 1, with its step numbers. */
  update(input: StepInput<T, Gradient<T>>): StepTrace {
    const { backend, settings, memory } = this;
    const { weight, gradient, lr, scratch } = input;
    const action = this.nextAction(gradient);
    if (action === "wait") return this.wait(input);
    return scratch.scope(() => {
      // 1, 1.1: the basis Q and the moment M: those of the last step, or a new basis with M projected onto it.
      const tracking = action === "refresh" ? this.refresh(input) : memory.load(scratch);
      const { subspace, refresh } = tracking;
      // 2: Ĝ = Qᵀ G.
      const projected = this.project(subspace, input);
      const captured = this.captured(projected, input, refresh !== undefined);
      // 3: M ← μ M + Ĝ.
      const moment = subspace.momentIn(scratch);
      accumulate(backend, moment, tracking.moment, projected, settings);
      // 3, 5: O = U Vᵀ of M, lifted by Q, with the residual G − Q Ĝ as the option says.
      const ahead = subspace.momentIn(scratch);
      lookAhead(backend, ahead, moment, projected, settings);
      const norms = this.normsWith(projected);
      const unit = norms === undefined ? 1 : agreement(norms, backend.norm(ahead), settings);
      const update = this.updateOf(subspace, ahead, projected, unit, input);
      // 4: ‖update‖ ≤ γ ‖previous update‖.
      const limited = this.limit(update);
      // Fails on a bad gradient before the weight is written.
      if (gradient.kind === "whole") gradient.norm();
      memory.makeRoom(subspace.geometry);
      if (input.direction !== undefined) backend.axpby(input.direction, 1, update.direction.matrix, 0);
      // 5: W ← W − η update − η λ W.
      descend(backend, weight, update.direction, lr, settings);
      memory.keep(tracking, moment, (update.limitedO ?? limited).updateNorm, captured, norms);
      return {
        ...limited,
        ...update.seen,
        orthogonalized: true,
        ...shareOf(captured, subspace),
        ...(refresh && { refresh }),
      };
    });
  }

  private nextAction(gradient: Gradient<T>): Action {
    return gradient.kind === "projected" ? "project" : this.actionFor(() => gradient.norm() === 0);
  }

  private actionFor(gradientIsZero: () => boolean): Action {
    const { settings, place, memory } = this;
    return nextAction(
      memory.phase,
      settings.refresh,
      headStartOf(settings.refresh, place.index, place.count),
      gradientIsZero,
    );
  }

  /** Step with a zero gradient before the first basis: decays the weight, and counts the step. */
  private wait({ weight, lr }: Pick<StepInput<T>, "weight" | "lr">): StepTrace {
    decayAlone(this.backend, weight, lr, this.settings);
    this.memory.wait();
    return { updateNorm: 0 };
  }

  private refresh(input: StepInput<T, Gradient<T>>): Tracking<T> {
    const { backend, full, settings, place, memory } = this;
    const { phase } = memory;
    const old = phase.phase === "cold" ? undefined : memory.load(input.scratch);
    const key = [settings.seed, place.stream, phase.phase === "cold" ? 0 : phase.refreshes] as const;
    return refreshSubspace(backend, full, settings, key, old, input);
  }

  private project(subspace: Subspace<T>, { gradient, scratch }: StepInput<T, Gradient<T>>): T {
    if (gradient.kind === "projected") return gradient.matrix;
    const projected = subspace.momentIn(scratch);
    subspace.project(projected, gradient.matrix);
    return projected;
  }

  /** ‖Ĝ‖² / ‖G‖², if the option or a listener needs it, or it costs no wait. */
  private captured(
    projected: T,
    { gradient, watched }: StepInput<T, Gradient<T>>,
    refreshed: boolean,
  ): number | undefined {
    const { backend, settings } = this;
    const wanted = refreshed || watched || "captureBelow" in settings.refresh || !backend.readsStall;
    if (!wanted || gradient.kind === "projected") return undefined;
    const norm = gradient.norm();
    return norm === 0 ? 1 : (backend.norm(projected) / norm) ** 2;
  }

  /** Norms of the gradients with this one, for `scale: "adam"`. */
  private normsWith(projected: T): GradientNorms | undefined {
    if (this.settings.scale !== "adam") return undefined;
    return withGradient(this.memory.norms, this.backend.norm(projected));
  }

  private updateOf(
    subspace: Subspace<T>,
    moment: T,
    projected: T,
    unit: number,
    input: StepInput<T, Gradient<T>>,
  ): Update<T> {
    const { backend, settings, memory, place } = this;
    const { gradient, scratch, watched } = input;
    const { layout } = place;
    const { lastNorm } = memory;
    return this.residual.update({
      backend,
      settings,
      subspace,
      moment,
      projected,
      gradient,
      lastNorm,
      layout,
      unit,
      scratch,
      watched,
    });
  }

  private limit({ direction, norm, ceiling, limitedO }: Update<T>): Limited {
    const { backend, settings, memory } = this;
    if (limitedO === undefined) {
      // Q is orthonormal, so ‖Q X‖ = ‖X‖ for a direction inside the subspace.
      return limitGrowth(backend, direction.matrix, memory.lastNorm, settings.growthLimit, ceiling, norm);
    }
    const whole = limitGrowth(backend, direction.matrix, 0, "off", ceiling, norm);
    return { updateNorm: whole.updateNorm, limited: whole.limited || limitedO.limited };
  }

  subspaceSum(): SubspaceSum<T> | undefined {
    const { settings, memory } = this;
    if (!needsProjectionOnly(settings) || this.actionFor(() => false) !== "project") return undefined;
    const { momentRows, momentCols } = memory.geometry;
    const { subspace } = this;
    return { rows: momentRows, cols: momentCols, project: (out, gradient) => subspace.project(out, gradient) };
  }

  descendAlong(weight: T, direction: T, lr: number): void {
    const { backend, settings, subspace } = this;
    descend(backend, weight, { kind: "inside", subspace, matrix: direction }, lr, settings);
  }

  /** The subspace of the state, which is not packed. */
  private get subspace(): Subspace<T> {
    return new Subspace(this.backend, this.memory.matrices.basis, this.memory.geometry);
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

/** The captured share, with the mean share of a random subspace. */
function shareOf<T>(
  captured: number | undefined,
  { geometry }: Subspace<T>,
): Pick<StepTrace, "captured" | "capturedByChance"> {
  return captured === undefined ? {} : { captured, capturedByChance: geometry.rank / geometry.basisRows };
}
