import { testPure } from "./pure.ts";

// SUMO alone, over one refresh: shaders take seconds to compile on software GPUs.
testPure(["webgl", "webgpu"], [{ optimizer: "sumo", lr: 0.01, rank: 4 }], 4);
