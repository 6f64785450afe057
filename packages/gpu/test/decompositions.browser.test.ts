import { describeDecompositions } from "./decompositions-suite.ts";

describeDecompositions("webgl2", 8);
describeDecompositions("webgl", 4);
describeDecompositions("webgpu", 4);
