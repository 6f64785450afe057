import type { Algorithm } from "../algorithm.ts";
import { SUMO_OPTION_NAMES, type SumoOptions, type SumoSettings, sumoSettings } from "./options.ts";
import { planSumo } from "./plan.ts";
import { Sumo } from "./sumo.ts";

export const sumo: Algorithm<SumoOptions, SumoSettings> = {
  title: "SUMO",
  summary: "one moment in a subspace of the gradient, orthogonalized exactly; r (m + n) numbers (arXiv 2505.24749)",
  needsMatrix: true,
  learningRate: 2e-3,
  fineTuningRate: 5e-5,
  options: SUMO_OPTION_NAMES,
  settings: sumoSettings,
  plan: planSumo,
  create(backend, rows, cols, settings, place, state) {
    return new Sumo(backend, rows, cols, settings, place, state);
  },
};
