import {
  CheckpointError,
  type CreateOptions,
  createOptimizer,
  type LinalgMatrix,
  NonFiniteGradientError,
  type Optimizer,
  OptimizerError,
  type OptimizerEvents,
  ParameterError,
  type Report,
  type Role,
  StepFailedError,
} from "@sumo/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { Cell } from "./backend/cell.ts";
import { isHostMemory } from "./backend/device.ts";
import { hostBackend } from "./backend/host-backend.ts";
import type { PolarPlace, TfjsBackend } from "./backend/tfjs-backend.ts";
import { GradientSum } from "./gradient-sum.ts";
import { groupOf, type RoleRule } from "./roles.ts";

/** Options of all slots of an optimizer. */
export interface SlotOptions extends Pick<CreateOptions<Cell, tf.Tensor>, "onNonFinite"> {
  readonly rule: RoleRule;
  readonly microBatches: number;
  /** Backend of devices. */
  readonly backend: TfjsBackend;
  readonly polar: PolarPlace;
}

type SlotOptimizer = Pick<
  Optimizer<never, tf.Tensor>,
  "report" | "counters" | "on" | "stepParameter" | "save" | "load" | "dispose"
>;

/** Fractional parts of its multiples are evenly spread for any count. */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/**
 * One variable with its optimizer. Core's name for it is its position, because tfjs's names differ from run to run and saved state and random
 * numbers must not; errors, events and reports have the variable's name.
 */
export class Slot {
  readonly variable: tf.Variable;
  readonly place: number;
  readonly role: Role;
  private readonly options: SlotOptions;
  private readonly sum: GradientSum;
  private readonly listeners: Set<(optimizer: SlotOptimizer) => void> = new Set();
  private optimizer: SlotOptimizer;
  private onHost: boolean;

  constructor(variable: tf.Variable, place: number, role: Role, options: SlotOptions) {
    this.variable = variable;
    this.place = place;
    this.role = role;
    this.options = options;
    this.sum = new GradientSum(options.microBatches);
    this.onHost = isHostMemory();
    this.optimizer = this.named(() => this.created());
  }

  /** An optimizer of core for the tfjs backend in use. */
  private created(): SlotOptimizer {
    const { rule, backend, polar, onNonFinite = "throw" } = this.options;
    const parameters = [{ name: this.key, shape: this.variable.shape, data: this.variable }];
    const groups = [groupOf(rule, this.role)];
    const turn = (this.place * GOLDEN_RATIO) % 1;
    if (!this.onHost) return createOptimizer(parameters, groups, { backend, turn, onNonFinite });
    return createOptimizer<LinalgMatrix, tf.Tensor>(parameters, groups, {
      backend: hostBackend(polar, backend),
      turn,
      onNonFinite,
    });
  }

  /** Moves the state if tfjs's backend was changed between the host and a device. */
  private settle(): void {
    if (this.onHost === isHostMemory()) return;
    const [old, state] = [this.optimizer, this.optimizer.save()];
    this.onHost = !this.onHost;
    this.optimizer = this.created();
    this.optimizer.load(state);
    old.dispose();
    for (const listen of this.listeners) listen(this.optimizer);
  }

  /** Steps taken. */
  get step(): number {
    return this.optimizer.counters.steps;
  }

  /**
   * Gradients to step with after one micro-batch: its own if that is the whole step, the mean after the last, a gradient that is not finite
   * at once, for the optimizer to skip. Those that were not given belong to the caller.
   */
  due(gradient: tf.Tensor): readonly tf.Tensor[] {
    const { backend, microBatches } = this.options;
    if (microBatches === 1) return [gradient];
    const isUsable = Number.isFinite(backend.normOf(gradient));
    const mean = this.sum.add(isUsable ? gradient : undefined);
    return [...(isUsable ? [] : [gradient]), ...(mean === undefined ? [] : [mean])];
  }

  /** @throws as core's `stepParameter`. */
  takeStep(gradient: tf.Tensor): void {
    this.named(() => {
      this.settle();
      this.optimizer.stepParameter(this.key, gradient);
    });
  }

  /** Asynchronous {@link takeStep}. */
  async takeStepAsync(gradient: tf.Tensor): Promise<void> {
    this.named(() => this.settle());
    await this.options.backend.replayed(() => this.takeStep(gradient));
  }

  report(): Report {
    const report = this.optimizer.report();
    const { name, size } = this.variable;
    return {
      ...report,
      accumulationBytes: this.options.microBatches > 1 ? size * Float32Array.BYTES_PER_ELEMENT : 0,
      parameters: [{ ...report.parameters[0]!, name, reason: this.role.reason }],
    };
  }

  on<K extends keyof OptimizerEvents>(event: K, listener: (event: OptimizerEvents[K]) => void): () => void {
    let end = (): void => {};
    const listen = (optimizer: SlotOptimizer): void => {
      end = optimizer.on(event, (told) => listener({ ...told, parameter: this.variable.name }));
    };
    listen(this.optimizer);
    this.listeners.add(listen);
    return () => {
      this.listeners.delete(listen);
      end();
    };
  }

  /** @throws {CheckpointError} between two micro-batches of one step. */
  save(): Uint8Array {
    if (this.sum.isPending) {
      const name = JSON.stringify(this.variable.name);
      throw new CheckpointError(`variable ${name} waits for micro-batches of its step; save between steps`);
    }
    return this.named(() => this.optimizer.save());
  }

  load(checkpoint: Uint8Array): void {
    this.named(() => this.optimizer.load(checkpoint));
  }

  dispose(): void {
    this.sum.reset();
    this.optimizer.dispose();
  }

  private get key(): string {
    return String(this.place);
  }

  /** Runs `body` with the variable's name in its errors. */
  private named<R>(body: () => R): R {
    try {
      return body();
    } catch (error) {
      throw renamed(error, this.key, this.variable.name);
    }
  }
}

function renamed(error: unknown, key: string, name: string): unknown {
  if (!(error instanceof OptimizerError)) return error;
  if (error instanceof NonFiniteGradientError) return new NonFiniteGradientError(name, error.step);
  if (error instanceof StepFailedError) return new StepFailedError(name, error.step, error.cause);
  if (error instanceof ParameterError) {
    return new ParameterError(name, error.message.replace(`parameter ${JSON.stringify(key)}: `, ""));
  }
  if (error instanceof CheckpointError) {
    return new CheckpointError(`state of variable ${JSON.stringify(name)}: ${error.message}`, { cause: error });
  }
  return error;
}
