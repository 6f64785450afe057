import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe } from "vitest";
import { testContract } from "./contract.ts";

const use = async (name: string) => {
  await tf.setBackend(name);
  await tf.ready();
};

describe("core's contract on webgl", () => {
  beforeAll(() => use("webgl"));
  testContract("synchronously");
});

describe("core's contract on webgpu", () => {
  beforeAll(() => use("webgpu"));
  testContract("asynchronously");
});
