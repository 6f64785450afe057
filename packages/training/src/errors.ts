/** Base of the errors that a user can mend: an app prints the message as one line, without a stack. */
export abstract class TrainingError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A text that cannot be trained on: missing, empty, too short, or not UTF-8. */
export class DataError extends TrainingError {}

/** A run that does not exist, exists already, or has damaged or foreign files. */
export class RunError extends TrainingError {}

/** Options that do not go together, or need more memory than can be addressed. */
export class UsageError extends TrainingError {}

/** The system refused to read or write a file. The message has the path, the problem, what became of the work, and a remedy. */
export class StorageError extends TrainingError {}

/** The loss or a gradient is not finite. The last checkpoint is unchanged. */
export class DivergedError extends TrainingError {
  constructor(step: number, what: string, options?: ErrorOptions) {
    super(`training diverged: at step ${step} ${what}; lower --lr or --aux-lr`, options);
  }
}
