import { OPTIMIZERS, testTraining } from "./training.ts";

// SUMO alone, over one refresh: shaders take seconds to compile on software GPUs.
testTraining(["webgl", "webgpu"], OPTIMIZERS.slice(0, 1), 4);
