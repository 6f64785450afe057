import { checkOptionNames } from "../algorithms/option-names.ts";
import { OptimizerOptionError } from "../errors.ts";

/** The description of a schedule in plain JSON, for checkpoints. `step` counts from 0. */
export type ScheduleSpec =
  | { readonly kind: "constant"; readonly value: number }
  | ({ readonly kind: "cosine" } & DecayOptions)
  | ({ readonly kind: "linear" } & DecayOptions)
  | ({ readonly kind: "wsd" } & StableOptions);

/** Options of a schedule that warms up and decays. */
export interface DecayOptions {
  /** The largest value, reached after the warm-up. */
  readonly peak: number;
  /** Steps of linear warm-up from `peak / warmup`. Default 0. */
  readonly warmup?: number;
  /** Total number of steps; later ones use the final value. */
  readonly total: number;
  /** Final value, as a fraction of `peak`. Default 0. */
  readonly final?: number;
}

/** Options of a schedule with a constant part between warm-up and decay. */
export interface StableOptions extends DecayOptions {
  /** Steps of linear decay at the end. */
  readonly decay: number;
}

/** A function of the step, with its description in `spec` for checkpoints. */
export interface Schedule {
  (step: number): number;
  readonly spec: ScheduleSpec;
  /** Makes `JSON.stringify` write the spec. */
  toJSON(): ScheduleSpec;
}

/** The same rate for every step, or a function of the step, which counts from 0. Only a {@link Schedule} can be saved with a model. */
export type LearningRate = number | ((step: number) => number);

/** The same value at every step. */
export function constant(value: number): Schedule {
  checkPositive("lr", value);
  return schedule({ kind: "constant", value });
}

/** Linear warm-up, then half a cosine from `peak` to `final · peak`. */
export function cosine(options: DecayOptions): Schedule {
  return schedule({ kind: "cosine", ...options });
}

/** Linear warm-up, then a straight line from `peak` to `final · peak`. */
export function linear(options: DecayOptions): Schedule {
  return schedule({ kind: "linear", ...options });
}

/** Warm-up, stable, decay: linear warm-up, `peak`, and a straight line to `final · peak` over the last `decay` steps. */
export function wsd(options: StableOptions): Schedule {
  return schedule({ kind: "wsd", ...options });
}

/** Creates the schedule of a spec, the inverse of `toJSON`. @throws {OptimizerOptionError} if a number is out of range. */
export function schedule(spec: ScheduleSpec): Schedule {
  checkSpec(spec);
  return Object.assign((step: number) => valueAt(spec, checkedStep(step)), { spec, toJSON: () => spec });
}

function checkedStep(step: number): number {
  if (typeof step === "number" && !Number.isNaN(step)) return step;
  throw new OptimizerOptionError("step", "the number of a step", step);
}

function valueAt(spec: ScheduleSpec, step: number): number {
  switch (spec.kind) {
    case "constant":
      return spec.value;
    case "cosine":
      return warmed(spec, step, (1 + Math.cos(Math.PI * progress(spec, step))) / 2);
    case "linear":
      return warmed(spec, step, 1 - progress(spec, step));
    case "wsd":
      return warmed(spec, step, Math.min(1, Math.max(0, (spec.total - step) / spec.decay)));
    default:
      return spec satisfies never;
  }
}

/** Position of `step` between the end of the warm-up (0) and `total` (1). */
function progress({ warmup = 0, total }: DecayOptions, step: number): number {
  return Math.min(1, Math.max(0, (step - warmup) / Math.max(1, total - warmup)));
}

/** Value at `level` (1 at the peak, 0 at the end), reduced during the warm-up. */
function warmed({ peak, warmup = 0, final = 0 }: DecayOptions, step: number, level: number): number {
  const factor = warmup > 0 && step < warmup ? (step + 1) / warmup : 1;
  return factor * peak * (final + (1 - final) * level);
}

const OPTIONS: Readonly<Record<ScheduleSpec["kind"], readonly string[]>> = {
  constant: ["value"],
  cosine: ["peak", "warmup", "total", "final"],
  linear: ["peak", "warmup", "total", "final"],
  wsd: ["peak", "warmup", "total", "final", "decay"],
};

function checkSpec(spec: ScheduleSpec): void {
  if (typeof spec !== "object" || spec === null || !Object.hasOwn(OPTIONS, spec.kind)) {
    throw new OptimizerOptionError("lr", `the description of a schedule, ${Object.keys(OPTIONS).join(", ")}`, spec);
  }
  checkOptionNames(`${spec.kind}'s`, spec, ["kind", ...OPTIONS[spec.kind]]);
  if (spec.kind === "constant") {
    checkPositive("lr", spec.value);
    return;
  }
  const { peak, warmup = 0, total, final = 0 } = spec;
  checkPositive("lr.peak", peak);
  if (!(Number.isInteger(total) && total > 0))
    throw new OptimizerOptionError("lr.total", "a whole number of steps >= 1", total);
  if (!(Number.isInteger(warmup) && warmup >= 0 && warmup <= total)) {
    throw new OptimizerOptionError("lr.warmup", `a whole number of steps between 0 and total = ${total}`, warmup);
  }
  if (!(typeof final === "number" && final >= 0 && final <= 1))
    throw new OptimizerOptionError("lr.final", "a fraction between 0 and 1", final);
  if (spec.kind === "wsd" && !(Number.isInteger(spec.decay) && spec.decay > 0 && warmup + spec.decay <= total)) {
    throw new OptimizerOptionError(
      "lr.decay",
      `a whole number of steps between 1 and total - warmup = ${total - warmup}`,
      spec.decay,
    );
  }
}

function checkPositive(option: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw new OptimizerOptionError(option, "a finite number >= 0", value);
}
