import { numpy as np } from "@jax-js/jax";
import {
  type AdamwOptions,
  type Geometry,
  GRADIENT_NORM_DECAY,
  type Layout,
  type SumoOptions,
  updateScale,
} from "@sumo/core";
import { newtonSchulzSchedule } from "@sumo/linalg";
import { lineRatios, polynomialPolar, product } from "../device.ts";
import type { Reading, Scope } from "./scope.ts";

/** State of one parameter after a step, and the direction in which its weight is decreased. */
export interface Stepped {
  readonly direction: np.Array;
  readonly state: Readonly<Record<string, np.Array>>;
}

/** State of one parameter before a step. */
export type Readings = Readonly<Record<string, Reading>>;

export type SumoSettings = Required<SumoOptions>;
export type AdamwSettings = Required<AdamwOptions>;

/** Share above the ceiling of Fira's residual that is rounding, as in core. */
const ROUNDING = 2 ** -16;

/** SUMO's step between two refreshes, by products alone: Algorithm 1 with the options of core. `gradient` is `rows × cols`. */
export function sumoStep(
  scope: Scope,
  gradient: Reading,
  before: Readings,
  settings: SumoSettings,
  geometry: Geometry,
  layout: Layout,
): Stepped {
  const { basis, moment, norm: lastNorm } = before;
  const { rows, cols, rank, side } = geometry;
  const { momentum, nesterov, residual, growthLimit } = settings;
  const left = side === "left";
  const q = basis!;
  const project = (a: np.Array): np.Array => (left ? product(q(), a, true, false) : product(a, q(), false, false));
  const lift = (x: np.Array): np.Array => (left ? product(q(), x, false, false) : product(x, q(), false, true));

  const projected = scope.own(project(gradient()));
  const next = scope.own(moment!().mul(momentum).add(projected()));
  const ahead = scope.own(nesterov ? next().mul(momentum).add(projected()) : next());
  const norms = settings.scale === "adam" ? agreementOf(scope, ahead, projected, before, settings) : undefined;
  const constant = np.full([], updateScale(settings, rows, cols, rank, layout));
  const scale = scope.own(norms === undefined ? constant : constant.mul(norms.agreement));
  const o = scope.own(orthogonalized(ahead(), settings).mul(scale()));

  let direction: Reading;
  let ceiling = scope.own(np.full([], Infinity));
  if (residual === "fira") {
    const ratios = scope.own(lineRatios(o(), projected(), left ? 0 : 1));
    direction = scope.own(
      gradient()
        .mul(ratios())
        .add(lift(o().sub(projected().mul(ratios())))),
    );
    ceiling = scope.own(scale().mul(Math.sqrt(Math.min(rows, cols)) * (1 + ROUNDING)));
  } else {
    const c = residual === "off" ? 0 : residual === "raw" ? 1 : (residual as { readonly scale: number }).scale;
    const inside = c === 0 ? o() : o().sub(projected().mul(c));
    direction = scope.own(c === 0 ? lift(inside) : gradient().mul(c).add(lift(inside)));
  }

  const norm = scope.own(frobenius(direction()));
  const grown = growthLimit === "off" ? np.full([], Infinity) : limitOf(lastNorm!, growthLimit);
  const limited = scope.own(np.minimum(norm(), np.minimum(grown, ceiling())));
  return {
    direction: direction().mul(quotient(limited, norm)),
    state: { basis: q(), moment: next(), norm: limited(), ...norms?.state },
  };
}

/** Core's agreement of the gradients, by which `scale: "adam"` multiplies. The weights of its averages are state, as AdamW's corrections are. */
function agreementOf(
  scope: Scope,
  ahead: Reading,
  projected: Reading,
  { energy, energyWeight, momentWeight }: Readings,
  { momentum, nesterov }: Pick<SumoSettings, "momentum" | "nesterov">,
): { readonly agreement: np.Array; readonly state: Stepped["state"] } {
  const kept = GRADIENT_NORM_DECAY;
  const square = np.square(frobenius(projected())).mul(1 - kept);
  const squares = scope.own(energy!().mul(kept).add(square));
  const ofSquares = scope.own(
    energyWeight!()
      .mul(kept)
      .add(1 - kept),
  );
  const ofMoment = scope.own(momentWeight!().mul(momentum).add(1));
  const weights = nesterov ? ofMoment().mul(momentum).add(1) : ofMoment();
  const mean = scope.own(np.sqrt(squares().div(ofSquares())));
  const moment = scope.own(frobenius(ahead()).div(weights));
  const agreement = np.minimum(1, quotient(moment, mean));
  return { agreement, state: { energy: squares(), energyWeight: ofSquares(), momentWeight: ofMoment() } };
}

/**
 * AdamW's step, without the decay. The corrections 1 − βᵗ are state too, c ← β c + 1 − β: in float32 the difference from a power would lose
 * digits.
 */
export function adamwStep(
  scope: Scope,
  gradient: Reading,
  { first, second, correction1, correction2 }: Readings,
  { beta1, beta2, eps }: AdamwSettings,
): Stepped {
  const averaged = (old: Reading, beta: number, value: np.Array): Reading =>
    scope.own(
      old()
        .mul(beta)
        .add(value.mul(1 - beta)),
    );
  const m = averaged(first!, beta1, gradient());
  const v = averaged(second!, beta2, np.square(gradient()));
  const c1 = averaged(correction1!, beta1, np.full([], 1));
  const c2 = averaged(correction2!, beta2, np.full([], 1));
  const direction = m()
    .div(c1())
    .div(np.sqrt(v().div(c2())).add(eps));
  return { direction, state: { first: m(), second: v(), correction1: c1(), correction2: c2() } };
}

/** Approximate polar factor by the polynomials of the option. */
function orthogonalized(x: np.Array, { orthogonalize }: Pick<SumoSettings, "orthogonalize">): np.Array {
  const given = orthogonalize as Exclude<SumoSettings["orthogonalize"], "exact">;
  const options = typeof given === "object" && "coefficients" in given ? given : { coefficients: given };
  const { steps, triples, margin } = newtonSchulzSchedule(options);
  const sequence = Array.from({ length: steps }, (_, i) => triples[Math.min(i, triples.length - 1)]!);
  return polynomialPolar(x, sequence, margin);
}

/** Frobenius norm, in units of the largest element. */
function frobenius(a: np.Array): np.Array {
  const unit = np.max(np.abs(a.ref));
  const divisor = np.where(unit.ref.equal(0), 1, unit.ref);
  return unit.mul(np.sqrt(np.square(a.div(divisor)).sum()));
}

/** γ ‖previous update‖; no limit where that was zero. */
const limitOf = (before: Reading, growthLimit: number): np.Array =>
  np.where(before().equal(0), Infinity, before().mul(growthLimit));

/** a / b, and zero where b is. */
const quotient = (a: Reading, b: Reading): np.Array =>
  np.where(b().equal(0), 0, a().div(np.where(b().equal(0), 1, b())));
