import {
  createOptimizer,
  GradientShapeError,
  NonFiniteGradientError,
  type Optimizer,
  type OptimizerEvents,
  type Report,
  StepFailedError,
} from "@sumo/core";
import type * as tf from "@tensorflow/tfjs";
import type { Cell } from "./cell.ts";
import { type GroupRule, groupsFor } from "./groups.ts";
import type { TfjsBackend } from "./tfjs-backend.ts";

export type Gradients = ReadonlyMap<tf.Variable, tf.Tensor>;

/**
 * Variables that were first seen together, and their optimizer. Core knows them by position (`"0"`, `"1"`, …), so that neither saved state
 * nor random numbers depend on names, which tfjs changes from run to run; users see the variables' names.
 */
export class Cohort {
  private readonly variables: readonly tf.Variable[];
  /** Their names in core. */
  private readonly positions: readonly string[];
  private readonly reasons: readonly string[];
  private readonly backend: TfjsBackend;
  private readonly optimizer: Optimizer<Cell, tf.Tensor>;

  /** @param first - position of the first variable. */
  constructor(variables: readonly tf.Variable[], first: number, rule: GroupRule, backend: TfjsBackend) {
    this.variables = variables;
    this.positions = variables.map((_, i) => String(first + i));
    const { groups, reasons } = groupsFor(rule, variables, this.positions);
    this.reasons = reasons;
    this.backend = backend;
    const parameters = variables.map((data, i) => ({ name: this.positions[i]!, shape: data.shape, data }));
    this.optimizer = createOptimizer(parameters, groups, { backend });
  }

  get size(): number {
    return this.variables.length;
  }

  has(variable: tf.Variable): boolean {
    return this.variables.includes(variable);
  }

  /** Takes a step with those gradients that are of its variables. */
  step(gradients: Gradients): void {
    const own = this.ownOf(gradients);
    try {
      this.optimizer.step(Object.fromEntries(own));
    } catch (error) {
      throw this.named(error);
    }
  }

  /** The same without blocking, one variable after another. */
  async stepAsync(gradients: Gradients): Promise<void> {
    for (const [position, gradient] of this.ownOf(gradients)) {
      try {
        await this.backend.replayed(() => this.optimizer.stepParameter(position, gradient));
      } catch (error) {
        throw this.named(error);
      }
    }
  }

  report(): Report {
    const report = this.optimizer.report();
    const parameters = report.parameters.map((parameter, i) => ({
      ...parameter,
      name: this.variables[i]!.name,
      reason: this.reasons[i]!,
    }));
    return { ...report, parameters };
  }

  on<K extends keyof OptimizerEvents>(event: K, listener: (event: OptimizerEvents[K]) => void): () => void {
    return this.optimizer.on(event, (told) => listener({ ...told, parameter: this.nameOf(told.parameter) }));
  }

  save(): Uint8Array {
    return this.optimizer.save();
  }

  load(bytes: Uint8Array): void {
    this.optimizer.load(bytes);
  }

  dispose(): void {
    this.optimizer.dispose();
  }

  /** By position. @throws {GradientShapeError} */
  private ownOf(gradients: Gradients): [position: string, gradient: tf.Tensor][] {
    return this.variables.flatMap((variable, i) => {
      const gradient = gradients.get(variable);
      if (gradient === undefined) return [];
      if (gradient.shape.join() !== variable.shape.join() || gradient.dtype !== "float32") {
        throw new GradientShapeError(variable.name, variable.shape, gradient.shape);
      }
      return [[this.positions[i]!, gradient]];
    });
  }

  private nameOf(position: string): string {
    return this.variables[this.positions.indexOf(position)]!.name;
  }

  /** The same error with the variable's name in it. */
  private named(error: unknown): unknown {
    if (error instanceof NonFiniteGradientError) {
      return new NonFiniteGradientError(this.nameOf(error.parameter), error.step);
    }
    if (error instanceof StepFailedError) {
      return new StepFailedError(this.nameOf(error.parameter), error.step, error.cause);
    }
    return error;
  }
}
