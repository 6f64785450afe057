import { describeBackend } from "./backend-suite.ts";

describeBackend("webgl2");
describeBackend("webgl");
describeBackend("webgpu");
