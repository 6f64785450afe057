/** Base of every error that is the user's to mend: the command line prints its message as one line and exits with 1. */
export abstract class TrainerError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Text that cannot be trained on: missing, empty, too short, not UTF-8. */
export class DataError extends TrainerError {}

/** A run that is not there, is there already, or is not what it should be. */
export class RunError extends TrainerError {}

/** Options that do not go together. */
export class UsageError extends TrainerError {}

/** A loss or a gradient that is no longer finite. The last checkpoint is as it was. */
export class DivergedError extends TrainerError {
  constructor(step: number, what: string, options?: ErrorOptions) {
    super(`training diverged: at step ${step} ${what}; lower --lr or --aux-lr`, options);
  }
}
