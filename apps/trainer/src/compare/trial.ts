import { setImmediate as pause } from "node:timers/promises";
import type { Engine } from "@sumo/linalg";
import { DivergedError, type LogLine, peakRate, planRun, runTrainingLoop } from "@sumo/training";
import { applyAdapter } from "../run/adapter-folder.ts";
import type { RunInputs } from "../training/run-inputs.ts";
import { createTrainer, type WorkerPool } from "../training/worker-pool.ts";
import type { Contestant } from "./contestants.ts";

/** Result of one training run of a comparison. */
export interface Trial {
  readonly label: string;
  readonly lr: number;
  readonly seed: number;
  readonly lines: readonly LogLine[];
  /** Final validation loss in nats per byte; infinite if the run diverged. */
  readonly loss: number;
  /** Bytes of optimizer state: of the hidden matrices, and of all parameters. */
  readonly hiddenState: number;
  readonly state: number;
}

/** Inputs that all trials of a comparison share. */
export interface TrialSetting {
  readonly inputs: RunInputs;
  readonly pool: WorkerPool;
  /** One engine for all trials, which free their memory. */
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

/**
 * Trains one contestant from the first step to the last.
 *
 * @param logged - called with every line of the log.
 * @returns the result; a diverged run has one too. `undefined` if the signal interrupted it.
 */
export async function runTrial(
  { label, options }: Contestant,
  { inputs, pool, engine, signal }: TrialSetting,
  logged: (line: LogLine) => void,
): Promise<Trial | undefined> {
  const { model, sequences, init, adapter } = inputs;
  const trainer = await createTrainer(model, options, sequences, pool, { engine, weights: init?.weights });
  if (adapter !== undefined) applyAdapter(trainer.model, adapter);
  const lines: LogLine[] = [];
  const callbacks = {
    logged: (line: LogLine): void => {
      lines.push(line);
      logged(line);
    },
    save: (): void => {},
  };
  try {
    const outcome = await runTrainingLoop({ trainer, options, callbacks, signal, secondsBefore: 0, pause });
    if (outcome === "interrupted") return undefined;
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
  } finally {
    trainer.dispose();
  }
  const { hiddenStateBytes, stateBytes } = planRun(model, options, { threads: pool.threads });
  return {
    label,
    lr: peakRate(options),
    seed: options.seed,
    lines,
    loss: lines.at(-1)?.final?.natsPerByte ?? Number.POSITIVE_INFINITY,
    hiddenState: hiddenStateBytes,
    state: stateBytes,
  };
}
