import type { Gradient } from "../algorithms/gradient.ts";
import type { Scratch } from "../backend/backend.ts";
import type { Collective } from "../collective/collective.ts";
import { NonFiniteGradientError, StepFailedError } from "../errors.ts";
import type { Listeners } from "./events.ts";
import { gatherJson, rankOfBadGradient } from "./ranks.ts";
import type { PendingMeans, StepRecord, Track } from "./track.ts";

/** A step that was started. All ranks start the same ones. */
interface StartedStep<T> {
  readonly track: Track<T>;
  readonly means: PendingMeans<T>;
  failure?: Error;
}

/** What an owner tells of a step. */
interface Outcome {
  readonly record: StepRecord;
  /** The part whose step failed, and why. */
  readonly failed?: { readonly part: string; readonly why: string };
}

/**
 * Steps of parameters whose states are divided among the ranks: a sum goes to the state's owner, who makes the step, and sends the update back.
 *
 * The first wait makes all steps that were started, so that the owners work at the same time.
 *
 * @see Rajbhandari et al., ZeRO, arXiv 1910.02054 (2020), §5.1, whose owners are of slices; here they are of whole parameters, as these are decomposed.
 */
export class ShardedSteps<T> {
  private readonly collective: Collective;
  private readonly scratch: Scratch<T>;
  private readonly listeners: Listeners;
  private started: StartedStep<T>[] = [];

  constructor(collective: Collective, scratch: Scratch<T>, listeners: Listeners) {
    this.collective = collective;
    this.scratch = scratch;
    this.listeners = listeners;
  }

  /** Takes a step whose sum is under way. @returns a function that makes all steps that were started, and throws if this one failed. */
  start(track: Track<T>, means: PendingMeans<T>): () => void {
    const step: StartedStep<T> = { track, means };
    this.started.push(step);
    return () => {
      this.makeStarted();
      if (step.failure !== undefined) throw step.failure;
    };
  }

  private makeStarted(): void {
    const steps = this.started;
    this.started = [];
    if (steps.length === 0) return;
    const { collective } = this;
    const means = steps.map((step) => step.means.wait());
    const bad = this.badGradient(steps, means);
    if (bad !== undefined) {
      for (const step of steps) step.failure = bad;
      return;
    }
    const own = steps.map((step, i) => (step.track.owned ? this.makeOwn(step, means[i]) : undefined));
    const outcomes = gatherJson(collective, own);
    for (const [i, step] of steps.entries()) {
      const { track } = step;
      const { record, failed } = outcomes[track.owner!]![i]!;
      if (failed !== undefined) step.failure ??= new StepFailedError(failed.part, track.step, failed.why);
      if (means[i] !== undefined) track.shareStep(record, collective, failed !== undefined);
    }
  }

  /** The error of a mean that is not finite, before any step is made; the same on every rank. */
  private badGradient(
    steps: readonly StartedStep<T>[],
    means: readonly (readonly Gradient<T>[] | undefined)[],
  ): NonFiniteGradientError | undefined {
    const { collective } = this;
    const bad = Int32Array.from(steps, ({ track }, i) => (track.areFinite(means[i] ?? []) ? 0 : 1));
    collective.allReduce(bad, "max");
    const first = steps[bad.indexOf(1)];
    if (first === undefined) return undefined;
    const { track, means: of } = first;
    return new NonFiniteGradientError(track.name, track.step, rankOfBadGradient(collective, of.finite));
  }

  private makeOwn(step: StartedStep<T>, means: readonly Gradient<T>[] | undefined): Outcome {
    const { track } = step;
    try {
      if (means !== undefined) track.update(means, this.scratch, this.listeners);
      return { record: track.record };
    } catch (error) {
      step.failure = error as Error;
      const { parameter, cause } = error instanceof StepFailedError ? error : { parameter: track.name, cause: error };
      return {
        record: track.record,
        failed: { part: parameter, why: cause instanceof Error ? cause.message : String(cause) },
      };
    }
  }
}
