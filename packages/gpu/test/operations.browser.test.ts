import { describeOperations } from "./operations-suite.ts";

describeOperations("webgl2", 20);
describeOperations("webgl", 10);
describeOperations("webgpu", 10);
