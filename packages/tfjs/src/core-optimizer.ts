import {
  CheckpointError,
  type Counters,
  DisposedError,
  type OptimizerEvents,
  ParameterError,
  type ParameterShape,
  type Plan,
  plan,
  type Report,
  type Schedule,
} from "@sumo/core";
import * as tf from "@tensorflow/tfjs";
import { Cohort, type Gradients } from "./cohort.ts";
import { type Config, fromConfigDict, toConfigDict } from "./config.ts";
import { type GroupRule, groupsFor } from "./groups.ts";
import { fromNamedTensors, type NamedTensor, parameterCount, toNamedTensors } from "./state.ts";
import { type PolarPlace, tfjsBackend } from "./tfjs-backend.ts";

/** Gradients as tfjs hands them out: by name, or in a list; without a tensor where a variable got none. */
export type VariableGradients = Parameters<tf.Optimizer["applyGradients"]>[0];

/** The learning rate of the next step; it may be changed between steps. */
interface Rate {
  current: number | Schedule;
}

/**
 * A `tf.Optimizer` over optimizers of `@sumo/core`. State is made when variables are first seen, and kept by position, not by name:
 * the variables of a model that was loaded have other names.
 */
export abstract class CoreOptimizer extends tf.Optimizer {
  private readonly config: Config;
  private readonly rate: Rate;
  private readonly rule: GroupRule;
  private readonly polar: PolarPlace;
  private readonly cohorts: Cohort[] = [];
  /** Saved states that wait for their variables. */
  private pendingStates: readonly Uint8Array[] = [];
  /** The tensors of the last `getWeights`, disposed of by the next. */
  private lentTensors: NamedTensor[] = [];
  private readonly subscriptions: Set<(cohort: Cohort) => void> = new Set();
  private disposed = false;

  /** @param ruleOf - What the class does with variables, at a learning rate that follows {@link learningRate}. */
  protected constructor(config: Config, ruleOf: (lr: number | Schedule) => GroupRule, polar: PolarPlace = "auto") {
    super();
    this.config = config;
    this.rate = { current: config.lr };
    this.rule = ruleOf(following(this.rate));
    this.polar = polar;
    // Wrong options throw here, not in the first step. Core checks a number itself, not what a schedule says.
    const { groups } = groupsFor(ruleOf(config.lr), [], []);
    plan([], groups);
  }

  /** The learning rate of the next step. Setting it ends a schedule. */
  get learningRate(): number {
    const { current } = this.rate;
    return typeof current === "number" ? current : current(this.iterations);
  }

  set learningRate(rate: number) {
    this.rate.current = rate;
  }

  /**
   * Takes one step with every gradient given. Gradients stay the caller's.
   *
   * @throws {ParameterError} for a name that no variable has, and what core's `step` throws.
   */
  override applyGradients(variableGradients: VariableGradients): void {
    const gradients = this.received(variableGradients);
    tf.tidy(() => {
      for (const cohort of this.cohorts) cohort.step(gradients);
    });
    this.incrementIterations();
  }

  /**
   * The same step for loops of one's own, without blocking on a device that is read asynchronously. Await it before the next step, and
   * keep the gradients until then. Variables are updated one after another; each step of each costs a few runs of its operations.
   *
   * @throws as {@link applyGradients}.
   */
  async applyGradientsAsync(variableGradients: VariableGradients): Promise<void> {
    const gradients = this.received(variableGradients);
    for (const cohort of this.cohorts) await cohort.stepAsync(gradients);
    this.incrementIterations();
  }

  /** The optimizer that each of these variables would get, and the bytes of its state, before anything is allocated. */
  plan(variables: readonly ParameterShape[]): Plan {
    const shapes = variables.map(({ name, shape }) => ({ name, shape }));
    const { groups, reasons } = groupsFor(
      this.rule,
      shapes,
      shapes.map(({ name }) => name),
    );
    const planned = plan(shapes, groups, { sizes: tfjsBackend().sizes });
    return { ...planned, parameters: planned.parameters.map((each, i) => ({ ...each, reason: reasons[i]! })) };
  }

  /** The optimizer of every variable seen so far, with the reason, its steps and counters. */
  report(): Report {
    const nothing = new Cohort([], 0, this.rule, tfjsBackend());
    return [nothing, ...this.cohorts].map((cohort) => cohort.report()).reduce(joined);
  }

  /** Calls `listener` at every such event; returns what ends it. Listening to `step` or `refresh` makes steps slower. */
  on<K extends keyof OptimizerEvents>(event: K, listener: (event: OptimizerEvents[K]) => void): () => void {
    const ends: (() => void)[] = [];
    const subscribe = (cohort: Cohort): void => {
      ends.push(cohort.on(event, listener));
    };
    this.subscriptions.add(subscribe);
    this.cohorts.forEach(subscribe);
    return () => {
      this.subscriptions.delete(subscribe);
      for (const end of ends) end();
    };
  }

  /** The whole state. The tensors belong to the optimizer and live until the next call or `dispose`. */
  override async getWeights(): Promise<NamedTensor[]> {
    this.alive();
    const iterations = await this.saveIterations();
    const checkpoints = [...this.cohorts.map((cohort) => cohort.save()), ...this.pendingStates];
    this.takeBack();
    this.lentTensors = [iterations, ...checkpoints.flatMap((bytes, i) => toNamedTensors(bytes, `sumo${i}`))];
    return [...this.lentTensors];
  }

  /**
   * Takes up what {@link getWeights} gave, for variables not seen yet as soon as they are.
   *
   * @throws {CheckpointError} if it is of something else, or does not fit the variables.
   */
  override async setWeights(weightValues: NamedTensor[]): Promise<void> {
    this.alive();
    const checkpoints = await fromNamedTensors(weightValues.slice(1));
    if (checkpoints.length < this.cohorts.length) {
      throw new CheckpointError(`expected ${this.cohorts.length} saved sets of variables, got ${checkpoints.length}`);
    }
    this.cohorts.forEach((cohort, i) => {
      cohort.load(checkpoints[i]!);
    });
    this.pendingStates = checkpoints.slice(this.cohorts.length);
    await this.extractIterations(weightValues);
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

  /** Frees all state. The variables stay. */
  override dispose(): void {
    this.disposed = true;
    for (const cohort of this.cohorts) cohort.dispose();
    this.takeBack();
  }

  /** The gradients by variable; makes state for new variables. */
  private received(variableGradients: VariableGradients): Gradients {
    this.alive();
    const entries = Array.isArray(variableGradients)
      ? variableGradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(variableGradients);
    const found = entries.map(([name, gradient]) => [registeredVariable(name), gradient] as const);
    this.adopt(found.map(([variable]) => variable));
    // tfjs leaves the tensor out where a variable has no gradient, whatever its types say.
    return new Map(found.filter(([, gradient]) => gradient != null));
  }

  /** Makes state for the variables that have none: saved state first. */
  private adopt(variables: readonly tf.Variable[]): void {
    let fresh = variables.filter((variable) => !this.cohorts.some((cohort) => cohort.has(variable)));
    while (fresh.length > 0) {
      const saved = this.pendingStates[0];
      const count = saved === undefined ? fresh.length : parameterCount(saved);
      if (count > fresh.length) {
        throw new CheckpointError(`the saved state is of ${count} variables, got gradients of ${fresh.length}`);
      }
      this.cohorts.push(this.createCohort(fresh.slice(0, count), saved));
      this.pendingStates = this.pendingStates.slice(1);
      fresh = fresh.slice(count);
    }
  }

  private createCohort(variables: readonly tf.Variable[], saved: Uint8Array | undefined): Cohort {
    const first = this.cohorts.reduce((count, { size }) => count + size, 0);
    const cohort = new Cohort(variables, first, this.rule, tfjsBackend({ polar: this.polar }));
    try {
      if (saved !== undefined) cohort.load(saved);
    } catch (error) {
      cohort.dispose();
      throw error;
    }
    for (const subscribe of this.subscriptions) subscribe(cohort);
    return cohort;
  }

  private takeBack(): void {
    tf.dispose(this.lentTensors.map(({ tensor }) => tensor));
    this.lentTensors = [];
  }

  private alive(): void {
    if (this.disposed) throw new DisposedError();
  }
}

function registeredVariable(name: string): tf.Variable {
  const variable = tf.engine().registeredVariables[name];
  if (variable === undefined) throw new ParameterError(name, "no variable of tfjs has this name");
  return variable;
}

/** A schedule that says what `rate` holds when it is asked. */
function following(rate: Rate): Schedule {
  const specOf = () =>
    typeof rate.current === "number" ? ({ kind: "constant", value: rate.current } as const) : rate.current.spec;
  const valueAt = (step: number): number => (typeof rate.current === "number" ? rate.current : rate.current(step));
  return Object.assign(valueAt, { spec: specOf(), toJSON: specOf });
}

function joined(a: Report, b: Report): Report {
  return {
    backend: a.backend,
    parameters: [...a.parameters, ...b.parameters],
    stateFloats: a.stateFloats + b.stateFloats,
    stateBytes: a.stateBytes + b.stateBytes,
    workspaceBytes: Math.max(a.workspaceBytes, b.workspaceBytes),
    accumulationBytes: a.accumulationBytes + b.accumulationBytes,
    counters: added(a.counters, b.counters),
  };
}

function added(a: Readonly<Counters>, b: Readonly<Counters>): Counters {
  const sum = { ...a };
  for (const name of Object.keys(b) as (keyof Counters)[]) sum[name] += b[name];
  return sum;
}
