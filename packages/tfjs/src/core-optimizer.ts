import {
  CheckpointError,
  createOptimizer,
  DisposedError,
  describe,
  type LearningRate,
  NonFiniteGradientError,
  type OptimizerEvents,
  OptimizerOptionError,
  type ParameterShape,
  type Plan,
  plan,
  type Report,
  type Role,
} from "@sumo/core";
import * as tf from "@tensorflow/tfjs-core";
import { type PolarPlace, type TfjsBackend, tfjsBackend } from "./backend/tfjs-backend.ts";
import { type Config, fromConfigDict, toConfigDict } from "./config.ts";
import { BusyError } from "./errors.ts";
import { type Gradients, gradientsOf, type VariableGradients } from "./gradients.ts";
import { joinedReport } from "./report.ts";
import { groupOf, isModel, type Model, type RoleRule, rolesOfVariables, variablesOf } from "./roles.ts";
import { Slots } from "./slots.ts";
import { fromNamedTensors, type NamedTensor, toNamedTensors } from "./state.ts";

/** A variable to plan for. */
type Planned = ParameterShape & { readonly role: Role };

/** Gradients to step with, each with its variable. */
type Due = readonly (readonly [tf.Variable, tf.Tensor])[];

/** The learning rate of the next step; it may be changed between steps. */
interface Rate {
  current: LearningRate;
}

/**
 * `tf.Optimizer` with one optimizer of `@sumo/core` per variable. State is allocated when a variable is first seen, kept while the variable is
 * frozen, matched to loaded state by name and shape, and released after the variable was disposed of.
 */
export abstract class CoreOptimizer extends tf.Optimizer {
  private readonly config: Config;
  private readonly rate: Rate;
  private readonly rule: RoleRule;
  private readonly backend: TfjsBackend;
  private readonly slots: Slots;
  /** Roles of the variables of planned models. */
  private readonly planned: WeakMap<tf.Variable, Role> = new WeakMap();
  /** Tensors of the last `getWeights`, while the state is unchanged. */
  private lent: readonly NamedTensor[] | undefined;
  /** The same tensors, until they are disposed of. */
  private stale: readonly NamedTensor[] = [];
  private busy = false;
  private disposed = false;

  /** @param ruleOf - Options by role, at a learning rate that follows {@link learningRate}. */
  protected constructor(config: Config, ruleOf: (lr: LearningRate) => RoleRule, polar: PolarPlace = "auto") {
    super();
    this.config = config;
    this.rate = { current: config.lr };
    this.rule = this.counted(ruleOf(() => this.learningRate));
    this.backend = tfjsBackend({ polar });
    // Wrong options throw here, not in the first step. Core cannot check what a function says before it asks.
    const { main, others } = ruleOf(config.lr);
    const groups = [main, ...(others === undefined ? [] : [others])];
    const { onNonFinite = "throw", microBatches = 1, clip } = config;
    const clips = clip === undefined ? {} : { clip };
    createOptimizer([], groups, { backend: this.backend, onNonFinite, microBatches, ...clips }).dispose();
    this.slots = new Slots({ rule: this.rule, backend: this.backend, polar, onNonFinite, microBatches });
  }

  /**
   * Learning rate of the next step, for every variable: a schedule counts the optimizer's steps, also those before a variable came. Setting it
   * replaces a schedule.
   */
  get learningRate(): number {
    return rateAt(this.rate.current, this.steps);
  }

  /** @throws {OptimizerOptionError} unless it is a number >= 0. */
  set learningRate(rate: number) {
    if (!(Number.isFinite(rate) && rate >= 0)) throw new OptimizerOptionError("learningRate", "a number >= 0", rate);
    this.rate.current = rate;
  }

  /**
   * Takes one step with all gradients, which remain the caller's. All are checked before any variable is changed.
   *
   * @throws {ParameterError} for a name that no variable has, {@link GradientTypeError}, and what core's `step` throws.
   * {@link StepFailedError}, e.g. for an update beyond float32, is the only one after which variables earlier in the list are updated.
   */
  override applyGradients(variableGradients: VariableGradients): void {
    this.ready("applyGradients");
    const gradients = gradientsOf(variableGradients);
    tf.tidy(() => {
      this.checkFinite(gradients);
      this.adopt(gradients);
      this.changing();
      const due = this.due(gradients);
      this.checkFinite(due);
      for (const [variable, gradient] of this.clipped(due)) this.slots.of(variable)!.takeStep(gradient);
    });
    this.incrementIterations();
  }

  /**
   * Asynchronous step for custom training loops, without blocking reads of the device. Await it before the next call, and keep the gradients
   * until then. Variables are updated one after another; the operations of each run again after every read.
   *
   * @throws as {@link applyGradients}, and {@link BusyError} before the last such step is done.
   */
  async applyGradientsAsync(variableGradients: VariableGradients): Promise<void> {
    this.ready("applyGradientsAsync");
    const gradients = gradientsOf(variableGradients);
    const borrowed = new Set(gradients.values());
    let due: Due = [];
    this.busy = true;
    try {
      await this.backend.measure([...gradients.values()].filter((gradient) => gradient !== undefined));
      this.checkFinite(gradients);
      this.adopt(gradients);
      this.changing();
      due = this.due(gradients);
      await this.backend.measure(due.map(([, gradient]) => gradient));
      this.checkFinite(due);
      for (const [variable, gradient] of this.clipped(due)) {
        try {
          await this.slots.of(variable)!.takeStepAsync(gradient);
        } finally {
          if (!borrowed.has(gradient)) gradient.dispose();
        }
      }
    } finally {
      for (const [, gradient] of due) if (!borrowed.has(gradient)) gradient.dispose();
      this.busy = false;
    }
    this.incrementIterations();
  }

  /**
   * Plans the optimizer of each variable and the bytes of its state, without allocating anything. `planTable` formats the result.
   *
   * @param of - Names and shapes, or a model. A model's layers determine its outputs and embeddings; its variables, frozen ones included, keep
   * these roles in later steps.
   * @throws {ParameterError}
   */
  plan(of: readonly ParameterShape[] | Model): Plan {
    const { sizes } = this.backend;
    const { microBatches = 1 } = this.config;
    const wanted = isModel(of) ? this.planModel(of) : this.planShapes(of);
    const groups = wanted.map(({ name, role }) => ({ ...groupOf(this.rule, role), match: name }));
    const planned = plan(wanted, groups, { sizes, microBatches });
    return {
      ...planned,
      parameters: planned.parameters.map((each, i) => ({ ...each, reason: wanted[i]!.role.reason })),
    };
  }

  /** Optimizer, reason, steps and counters of every variable seen so far and not disposed of. */
  report(): Report {
    return joinedReport(this.backend.name, this.slots.report());
  }

  /** Calls `listener` at every such event. Returns a function that removes it. Listeners to `step` or `refresh` make steps slower. */
  on<K extends keyof OptimizerEvents>(event: K, listener: (event: OptimizerEvents[K]) => void): () => void {
    return this.slots.on(event, listener);
  }

  /** State of all variables. The tensors belong to the optimizer, and are valid until the first call after a step, or `dispose`. */
  override async getWeights(): Promise<NamedTensor[]> {
    this.ready("getWeights");
    if (this.lent === undefined) {
      const saved = this.slots.save();
      tf.dispose(this.stale.map(({ tensor }) => tensor));
      // The base class makes its tensor at once, whatever the type says.
      const iterations = { name: "iter", tensor: tf.scalar(this.iterations, "int32") };
      this.lent = [iterations, ...toNamedTensors(saved)];
      this.stale = this.lent;
    }
    return [...this.lent];
  }

  /**
   * Restores the result of {@link getWeights}. State is matched by a variable's name, without the number that tfjs may have appended, and
   * shape; for generated names, by the order of creation among variables of one shape. Variables not yet seen get their state in their first
   * step.
   *
   * @throws {CheckpointError} for other tensors, or state that does not fit or is ambiguous; for variables not yet seen, in their first step.
   */
  override async setWeights(weightValues: NamedTensor[]): Promise<void> {
    this.ready("setWeights");
    if (!Array.isArray(weightValues))
      throw new CheckpointError(`expected a list of tensors, got ${describe(weightValues)}`);
    const saved = await fromNamedTensors(weightValues.slice(1));
    const [iterations] = (await weightValues[0]?.tensor?.data<"int32">()) ?? [];
    if (!Number.isSafeInteger(iterations))
      throw new CheckpointError("expected the number of iterations in the first tensor");
    this.slots.load(saved);
    this.changing();
    this.iterations_ = iterations!;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return toConfigDict({ ...this.config, lr: this.rate.current });
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(fromConfigDict(config));
  }

  /** Releases all state, but not the variables. */
  override dispose(): void {
    if (this.busy) throw new BusyError("dispose");
    this.disposed = true;
    this.slots.dispose();
    tf.dispose(this.stale.map(({ tensor }) => tensor));
    this.stale = [];
  }

  private planShapes(of: readonly ParameterShape[]): Planned[] {
    // Checks that it is a list of shapes.
    plan(of, this.rule.main);
    const roles = rolesOfVariables(of, this.rule, true);
    return of.map(({ name, shape }, i) => ({ name, shape, role: roles[i]! }));
  }

  /** Keeps the roles of a model's variables, and returns those that are trained. */
  private planModel(model: Model): Planned[] {
    const variables = variablesOf(model, this.rule);
    for (const { variable, role } of variables) this.planned.set(variable, role);
    return variables
      .filter(({ variable, isTrained }) => isTrained && variable.size > 0)
      .map(({ variable, role }) => {
        const { name, shape } = variable;
        return { name, shape, role: this.slots.of(variable)?.role ?? role };
      });
  }

  /** Steps of the optimizer. */
  private get steps(): number {
    const { microBatches = 1 } = this.config;
    return Math.floor(this.iterations / microBatches);
  }

  /** The rule with rates at the optimizer's step, where core would count each variable's own. */
  private counted({ main, others, hidden }: RoleRule): RoleRule {
    const now = (lr: LearningRate): LearningRate => (typeof lr === "number" ? lr : () => lr(this.steps));
    return {
      hidden,
      main: { ...main, lr: now(main.lr) },
      others: others && { ...others, lr: now(others.lr) },
    };
  }

  /** Creates missing slots, and checks what remains to be checked before the first variable changes. */
  private adopt(gradients: Gradients): void {
    this.slots.adopt([...gradients.keys()], (variable) => this.planned.get(variable));
    this.checkRates();
  }

  /** @throws {OptimizerOptionError} unless the learning rates of the next step are numbers >= 0. */
  private checkRates(): void {
    for (const each of [this.rule.main, this.rule.others]) {
      const rate = each && rateAt(each.lr, this.steps);
      if (each === undefined || (typeof rate === "number" && Number.isFinite(rate) && rate >= 0)) continue;
      const came = `got ${describe(rate)} at step ${this.steps}`;
      throw new OptimizerOptionError("lr", "a schedule of numbers >= 0", rate, came);
    }
  }

  /** @throws {NonFiniteGradientError} unless such gradients are skipped. */
  private checkFinite(gradients: Gradients | Due): void {
    if (this.config.onNonFinite === "skip") return;
    for (const [variable, gradient] of gradients) {
      if (gradient !== undefined && !Number.isFinite(this.backend.normOf(gradient))) {
        throw new NonFiniteGradientError(variable.name, this.slots.of(variable)?.step ?? 0);
      }
    }
  }

  /** Gradients to step with: as given, or the means of the micro-batches of the steps that these complete. */
  private due(gradients: Gradients): Due {
    return [...gradients].flatMap(([variable, gradient]) => {
      if (gradient === undefined) return [];
      const due = this.slots.of(variable)!.due(gradient);
      return due.map((each) => [variable, each] as const);
    });
  }

  /** Gradients scaled to a joint norm of at most `clip`, each when it is asked for. */
  private *clipped(due: Due): Generator<Due[number]> {
    const { clip } = this.config;
    if (clip === undefined) return yield* due;
    const norms = due.map(([, gradient]) => this.backend.normOf(gradient)).filter(Number.isFinite);
    const norm = Math.hypot(...norms);
    for (const [variable, gradient] of due) {
      yield [variable, norm > clip ? this.backend.scaled(gradient, clip / norm) : gradient];
    }
  }

  private changing(): void {
    this.lent = undefined;
  }

  private ready(call: string): void {
    if (this.disposed) throw new DisposedError();
    if (this.busy) throw new BusyError(call);
  }
}

const rateAt = (lr: LearningRate, step: number): number => (typeof lr === "number" ? lr : lr(step));
