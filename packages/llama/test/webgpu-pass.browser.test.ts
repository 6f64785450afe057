import { describeWebGpuPass } from "./webgpu-pass-suite.ts";

describeWebGpuPass(() => navigator.gpu);
