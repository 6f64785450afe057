import { describe, test } from "vitest";
import { nodeWebGpu } from "./node-webgpu.ts";
import { describeWebGpuPass } from "./webgpu-pass-suite.ts";
import { describeWebGpu } from "./webgpu-suite.ts";

const entry = await nodeWebGpu();

if (typeof entry === "string") {
  describe.skip(`WebGPU in Node: ${entry}`, () => test("is there", () => {}));
} else {
  describe("WebGPU in Node", () => {
    describe("kernels", () => describeWebGpu(() => entry));
    describe("passes", () => describeWebGpuPass(() => entry));
  });
}
