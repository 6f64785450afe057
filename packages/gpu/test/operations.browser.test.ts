import { describeOperations } from "./operations-suite.ts";

describeOperations("webgl2", 8);
describeOperations("webgl", 4);
describeOperations("webgpu", 4);
