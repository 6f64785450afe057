/** Property of the errors of every installed copy of this package. */
const OWN = Symbol.for("@sumo/mpi/error");

/**
 * Base class of this package's errors. `code` is stable; the message has the expected and the received value. `instanceof` holds for errors of
 * other installed copies of the package too.
 */
export abstract class CollectiveError extends Error {
  /** `code` of a class's instances. */
  static readonly code: string = "";
  readonly code: string;
  /** The operation that threw, e.g. `"allReduce"`. */
  readonly operation: string;

  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(`${operation}: ${message}`, options);
    this.name = new.target.name;
    this.code = new.target.code;
    this.operation = operation;
  }

  static {
    Object.defineProperty(CollectiveError.prototype, OWN, { value: true });
  }

  static override readonly [Symbol.hasInstance]: (value: unknown) => boolean = isInstance;
}

/** Whether a value is of this class, in this copy of the package or another. */
function isInstance(this: typeof CollectiveError, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  if (typeof value !== "object" || value === null || !(OWN in value)) return false;
  return this === CollectiveError || (Object.hasOwn(this, "code") && "code" in value && value.code === this.code);
}

/** An argument is of a wrong type or size. Thrown on this rank before anything is sent or written. */
export class CollectiveArgumentError extends CollectiveError {
  static override readonly code = "COLLECTIVE_ARGUMENT";
  readonly expected: string;
  readonly received: string;

  constructor(operation: string, expected: string, received: string) {
    super(operation, `expected ${expected}, got ${received}`);
    this.expected = expected;
    this.received = received;
  }
}

/** Ranks called different operations, or with other types, lengths or roots. Thrown by threads on every rank; no array was written. */
export class CollectiveMismatchError extends CollectiveError {
  static override readonly code = "COLLECTIVE_MISMATCH";
  /** The first rank whose call differs from that of rank 0. */
  readonly rank: number;
  readonly expected: string;
  readonly received: string;

  constructor(operation: string, rank: number, expected: string, received: string) {
    super(operation, `expected ${expected} on every rank, as on rank 0; rank ${rank} called ${received}`);
    this.rank = rank;
    this.expected = expected;
    this.received = received;
  }
}

/** A thread ended, or left its group, while this one waited for it. */
export class RankGoneError extends CollectiveError {
  static override readonly code = "COLLECTIVE_RANK_GONE";
  readonly rank: number;

  constructor(operation: string, rank: number) {
    super(operation, `rank ${rank} is gone; end the run, and resume it from its last checkpoint`);
    this.rank = rank;
  }
}

/** A rank called `abort`. */
export class CollectiveAbortedError extends CollectiveError {
  static override readonly code = "COLLECTIVE_ABORTED";
  readonly rank: number;
  readonly exitCode: number;

  constructor(operation: string, rank: number, exitCode: number) {
    super(operation, `rank ${rank} aborted the run with exit code ${exitCode}`);
    this.rank = rank;
    this.exitCode = exitCode;
  }
}

/** No MPI can be loaded: the package koffi or the library is missing, or it is of an unknown kind. The message lists what was tried. */
export class MpiMissingError extends CollectiveError {
  static override readonly code = "MPI_MISSING";
}

/** MPI started in another way than its launcher meant, e.g. alone under the mpirun of another MPI. */
export class MpiLaunchError extends CollectiveError {
  static override readonly code = "MPI_LAUNCH";
}

/** A call of MPI failed. The contents of the arrays are undefined, and so are further calls; abort. */
export class MpiCallError extends CollectiveError {
  static override readonly code = "MPI_CALL";
  /** The number that MPI returned; its meaning differs between libraries. */
  readonly mpiCode: number;

  constructor(operation: string, mpiCode: number, text: string) {
    super(operation, `MPI returned ${mpiCode}: ${text}`);
    this.mpiCode = mpiCode;
  }
}
