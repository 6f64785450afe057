import type { Backend, Scratch } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import { minusAdamDirection } from "./adam-direction.ts";
import type { Algorithm } from "./algorithm.ts";
import { countFact, type Facts } from "./facts.ts";
import { checkOptions, checkPeriod, namesOf, type OptionChecks, range } from "./option-checks.ts";
import type { Place, StepInput, Stepper, StepTrace } from "./stepper.ts";
import { checkSquare } from "./steps/finite.ts";
import { leadingSubspace } from "./steps/subspace.ts";

/** SOAP (arXiv 2409.11321): Adam in the eigenbasis of Shampoo's Gram matrices. */
export interface SoapOptions {
  readonly optimizer: "soap";
  readonly lr: LearningRate;
  /** Steps between two eigenbases. Default `{ every: 10 }`. */
  readonly refresh?: { readonly every: number };
  readonly beta1?: number;
  readonly beta2?: number;
  /** Decay of the two Gram matrices. Default 0.95. */
  readonly beta3?: number;
  readonly eps?: number;
  /** Decoupled. Default 0. */
  readonly weightDecay?: number;
}

type SoapSettings = Required<SoapOptions>;

/** Sketch of a range finder at full rank: the first sketch already spans the range. */
const EXACT = { oversampling: 0, powerIterations: 1 };

const CHECKS: OptionChecks<SoapOptions> = {
  refresh: checkPeriod,
  beta1: range(0, 1, "[)"),
  beta2: range(0, 1, "[)"),
  beta3: range(0, 1, "[)"),
  eps: range(0, Infinity, "()"),
  weightDecay: range(0, Infinity, "[)"),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
function soapSettings(options: SoapOptions): SoapSettings {
  checkOptions("soap", options, CHECKS);
  return { refresh: { every: 10 }, beta1: 0.95, beta2: 0.95, beta3: 0.95, eps: 1e-8, weightDecay: 0, ...options };
}

type SoapState<T> = Readonly<Record<"left" | "right" | "leftBasis" | "rightBasis" | "first" | "second", T>>;

/**
 * SOAP: Adam in the eigenbases of Shampoo's two Gram matrices, L ← β₃ L + (1 − β₃) G Gᵀ and R alike. State: 2 mn + 2 m² + 2 n² numbers.
 *
 * @see Vyas et al., SOAP, arXiv 2409.11321 (2024), algorithm 3. Deviates: the first moment is kept in the eigenbases and carried from one to
 * the next; eigenbases are computed from scratch where the authors take a QR step, and after `every` gradients where their code, which does
 * not count the first one, takes one more. As there, no gradient is seen in eigenbases that it has a part in, and the first gradient only
 * determines the eigenbases: in them it is diagonal, and Adam would amplify rounding errors off the diagonal.
 *
 * Equal eigenvalues have no eigenbasis of their own, and Adam's update depends on the one that is taken. The larger Gram matrix has rank m
 * of n at first: its other n − m directions are chosen by rounding, here as in the authors' code. So SOAP, alone among the optimizers, tells
 * a sum of micro-batches from one batch, whose gradients differ by rounding; in all other directions it does not.
 */
class Soap<T> implements Stepper<T> {
  step = 0;
  readonly state: SoapState<T>;
  private readonly backend: Backend<T, never>;
  private readonly settings: SoapSettings;
  private readonly shape: readonly [rows: number, cols: number];
  private readonly place: Place;
  /** Number of gradients since the first non-zero one. */
  private tracked = 0;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: SoapSettings,
    place: Place,
    state: Readonly<Record<string, T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.shape = [rows, cols];
    this.place = place;
    this.state = state as SoapState<T>;
  }

  update(input: StepInput<T>): StepTrace {
    const { backend, settings, tracked } = this;
    const { weight, gradient, lr, scratch } = input;
    checkSquare(gradient.norm());
    const decay = 1 - lr * settings.weightDecay;
    if (tracked === 0 && gradient.norm() === 0) {
      backend.axpby(weight, decay, weight, 0);
      this.step++;
      return { updateNorm: 0 };
    }
    return scratch.scope(() => {
      if (tracked % settings.refresh.every === 0) this.refresh(gradient.matrix, scratch);
      const trace = tracked === 0 ? {} : this.descend(input, decay);
      if (tracked > 0) this.observe(gradient.matrix);
      this.tracked++;
      this.step++;
      return trace;
    });
  }

  private descend({ weight, gradient, lr, scratch }: StepInput<T>, decay: number): StepTrace {
    const { backend, settings, state, tracked } = this;
    const { leftBasis, rightBasis } = state;
    const [half, rotated, minusN] = [this.shape, this.shape, this.shape].map((shape) => scratch.matrix(...shape));
    backend.matmul(half!, leftBasis, gradient.matrix, { transposeA: true });
    backend.matmul(rotated!, half!, rightBasis);
    minusAdamDirection(backend, minusN!, rotated!, state.first, state.second, settings, tracked);
    backend.matmul(half!, leftBasis, minusN!);
    backend.matmul(weight, half!, rightBasis, { transposeB: true, alpha: lr, beta: decay });
    return { updateNorm: backend.norm(minusN!) };
  }

  /** Computes eigenbases of the Gram matrices (at first those of the gradient), and transforms the first moment to them. */
  private refresh(gradient: T, scratch: Scratch<T>): void {
    const { backend, state, tracked } = this;
    const [rows, cols] = this.shape;
    scratch.scope(() => {
      if (tracked === 0) this.observe(gradient);
      const left = this.eigenbasis(state.left, rows, 2 * tracked, scratch);
      const right = this.eigenbasis(state.right, cols, 2 * tracked + 1, scratch);
      const [half, back] = [scratch.matrix(rows, cols), scratch.matrix(rows, cols)];
      backend.matmul(half, state.leftBasis, state.first);
      backend.matmul(back, half, state.rightBasis, { transposeB: true });
      backend.matmul(half, left, back, { transposeA: true });
      backend.matmul(state.first, half, right);
      backend.axpby(state.leftBasis, 1, left, 0);
      backend.axpby(state.rightBasis, 1, right, 0);
    });
  }

  /** Computes a Gram matrix's eigenbasis, its singular vectors, by the range finder at full rank. */
  private eigenbasis(gram: T, size: number, counter: number, scratch: Scratch<T>): T {
    const basis = scratch.matrix(size, size);
    const key = [0, this.place.stream, counter] as const;
    leadingSubspace(this.backend, basis, gram, undefined, key, { side: "left" }, EXACT, scratch);
    return basis;
  }

  /** L ← β₃ L + (1 − β₃) G Gᵀ, R ← β₃ R + (1 − β₃) Gᵀ G; before the first step both are zero. */
  private observe(gradient: T): void {
    const { backend, state, settings } = this;
    const { beta3 } = settings;
    const weights = { alpha: 1 - beta3, beta: this.tracked === 0 ? 0 : beta3 };
    backend.matmul(state.left, gradient, gradient, { transposeB: true, ...weights });
    backend.matmul(state.right, gradient, gradient, { transposeA: true, ...weights });
  }

  stateShapes(facts: Facts): Record<keyof SoapState<T>, readonly [number, number]> {
    for (const name of ["step", "tracked"]) countFact(facts, name);
    return shapesOf(...this.shape);
  }

  facts(): Facts {
    return { step: this.step, tracked: this.tracked };
  }

  restore(facts: Facts): void {
    const [step, tracked] = [countFact(facts, "step"), countFact(facts, "tracked")];
    this.step = step;
    this.tracked = tracked;
  }
}

function shapesOf(rows: number, cols: number): Record<keyof SoapState<never>, readonly [number, number]> {
  const [left, right, whole] = [[rows, rows] as const, [cols, cols] as const, [rows, cols] as const];
  return { left, right, leftBasis: left, rightBasis: right, first: whole, second: whole };
}

export const soap: Algorithm<SoapOptions, SoapSettings> = {
  title: "SOAP",
  summary: "Adam in the eigenbases of Shampoo's Gram matrices; 2 (mn + m² + n²) numbers (arXiv 2409.11321)",
  needsMatrix: true,
  learningRate: 3e-3,
  fineTuningRate: 1.5e-4,
  options: namesOf(CHECKS),
  settings: soapSettings,
  plan(rows, cols, _settings, sizes) {
    const whole = sizes.matrix(rows, cols);
    const bases = sizes.matrix(rows, rows) + sizes.matrix(cols, cols);
    const ranges = [rows, cols].map((size) => sizes.rangeFinder(size, size, size, EXACT));
    return {
      state: shapesOf(rows, cols),
      scratchBytes: Math.max(bases + Math.max(...ranges, 2 * whole), 3 * whole),
    };
  },
  create(backend, rows, cols, settings, place, state) {
    return new Soap(backend, rows, cols, settings, place, state);
  },
};
