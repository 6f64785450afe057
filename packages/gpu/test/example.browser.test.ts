import { describeExample } from "./example-suite.ts";

describeExample(["webgl2", "webgl", "webgpu"]);
