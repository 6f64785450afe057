import { plan } from "@sumo/core";
import { type LlamaConfig, parameterShapes } from "@sumo/llama";
import { hiddenNames, optimizerGroups, type TrainOptions } from "@sumo/trainer/training";

/** What a run's optimizers take, in bytes. */
export interface OptimizerPlan {
  readonly stateBytes: number;
  /** The part of it that is for the hidden matrices. */
  readonly hiddenBytes: number;
  /** Scratch of a step. */
  readonly workspaceBytes: number;
}

/** What a run will allocate for its optimizers, before there is a model. */
export function planOptimizer(config: LlamaConfig, options: TrainOptions): OptimizerPlan {
  const parameters = parameterShapes(config);
  const hidden = hiddenNames({ parameters });
  const planned = plan(parameters, optimizerGroups(options, hidden));
  const ofHidden = planned.parameters.filter(({ name }) => hidden.has(name));
  const { stateBytes, workspaceBytes } = planned;
  return { stateBytes, workspaceBytes, hiddenBytes: ofHidden.reduce((sum, each) => sum + each.stateBytes, 0) };
}
