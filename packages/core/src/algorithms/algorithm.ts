import type { Backend, BackendSizes } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import type { Place, Stepper, StepperPlan } from "./stepper.ts";

/** Options common to all optimizers. */
export interface BaseOptions {
  readonly optimizer: string;
  readonly lr: LearningRate;
}

/** An entry of the table of optimizers. To add one, export it from a file, and add a line to `table.ts`. */
export interface Algorithm<Options extends BaseOptions = BaseOptions, Settings extends BaseOptions = BaseOptions> {
  /** Name in its authors' spelling. */
  readonly title: string;
  /** State, update and source in a sentence. */
  readonly summary: string;
  /** Whether it works on singular directions, which vectors do not have. */
  readonly needsMatrix: boolean;
  /** Initial guess of the learning rate: the best for the hidden matrices of a small LLaMA on grids of factors of two (`apps/trainer`). */
  readonly learningRate: number;
  /** The same for a model that is trained already: higher rates first undo what it has learned (`fine-tuning.test.ts` in `packages/training`). */
  readonly fineTuningRate: number;
  /** Names of its options, without `optimizer`. */
  readonly options: readonly string[];
  /** Checks options and fills in defaults. @throws {OptimizerOptionError} */
  settings(options: Options): Settings;
  /** Plans the memory for one matrix; allocates nothing. */
  plan(rows: number, cols: number, settings: Settings, sizes: BackendSizes): StepperPlan;
  /** Creates the optimizer of one matrix, on state that was allocated as planned, and is zero; without all of it, it cannot step. */
  create<T>(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: Settings,
    place: Place,
    state: Readonly<Record<string, T>>,
  ): Stepper<T>;
}
