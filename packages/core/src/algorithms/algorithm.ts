import type { Backend, BackendSizes } from "../backend/backend.ts";
import type { Schedule } from "../wrappers/schedule.ts";
import type { Place, Stepper, StepperPlan } from "./stepper.ts";

/** The options that every optimizer has. */
export interface BaseOptions {
  readonly optimizer: string;
  readonly lr: number | Schedule;
}

/** An optimizer as the table lists it. Adding one is a file that exports this, and a line in `table.ts`. */
export interface Algorithm<Options extends BaseOptions = BaseOptions, Settings extends BaseOptions = BaseOptions> {
  /** The name as its authors write it. */
  readonly title: string;
  /** State, update and source in a sentence. */
  readonly summary: string;
  /** It works on singular directions, which vectors do not have. */
  readonly needsMatrix: boolean;
  /** A learning rate to begin with: the best for the hidden matrices of a small LLaMA on grids of factors of two (`apps/trainer`). */
  readonly learningRate: number;
  /** Names of its options, `optimizer` aside. */
  readonly options: readonly string[];
  /** Checks options and fills in defaults. @throws {OptimizerOptionError} */
  settings(options: Options): Settings;
  /** The memory that one matrix takes, before anything is allocated. */
  plan(rows: number, cols: number, settings: Settings, sizes: BackendSizes): StepperPlan;
  /** The optimizer of one matrix, on state that was allocated as `plan` says, and is zero. */
  create<T>(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: Settings,
    place: Place,
    state: Readonly<Record<string, T>>,
  ): Stepper<T>;
}
