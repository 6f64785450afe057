import { describe, test } from "vitest";
import { nodeWebGpu } from "./node-webgpu.ts";
import { describeWebGpu } from "./webgpu-suite.ts";

const entry = await nodeWebGpu();

// A software adapter takes its time: the kernels are tested in Node, the passes, which are made of them, in Chromium.
if (typeof entry === "string") {
  describe.skip(`WebGPU in Node: ${entry}`, () => test("is there", () => {}));
} else {
  describe("WebGPU in Node", () => describeWebGpu(() => entry));
}
