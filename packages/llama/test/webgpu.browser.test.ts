import { describeWebGpu } from "./webgpu-suite.ts";

describeWebGpu(() => navigator.gpu);
