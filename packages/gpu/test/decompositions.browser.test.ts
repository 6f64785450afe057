import { describeDecompositions } from "./decompositions-suite.ts";

describeDecompositions("webgl2", 20);
describeDecompositions("webgl", 10);
describeDecompositions("webgpu", 10);
