/** All optimizers by name. */
export { adamw } from "./adamw.ts";
export { galore } from "./galore.ts";
export { muon } from "./muon.ts";
export { sgd } from "./sgd.ts";
export { soap } from "./soap.ts";
export { sumo } from "./sumo/algorithm.ts";
