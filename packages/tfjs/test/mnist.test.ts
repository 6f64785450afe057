import "../src/fast-wasm/index.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { digits, trainMixer } from "../examples/mnist.ts";
import { AdamWOptimizer, SumoOptimizer } from "../src/index.ts";
import { useBackend } from "./backend.ts";

beforeAll(() => useBackend("wasm"));

test("a mixer learns digits with SUMO as with AdamW, at its rate and in a fifth of the state", async () => {
  const [train, held] = [digits(0, 40), digits(700, 20)];
  const sumo = new SumoOptimizer({ lr: 0.01, rank: 4 });
  const adamw = new AdamWOptimizer({ lr: 0.01 });
  const ofSumo = await trainMixer(sumo, train, held, 5);
  const ofAdamw = await trainMixer(adamw, train, held, 5);
  // Chance is 0.1.
  expect(ofAdamw).toBeGreaterThan(0.4);
  expect(ofSumo).toBeGreaterThan(ofAdamw - 0.1);
  expect(sumo.report().stateBytes).toBeLessThan(0.2 * adamw.report().stateBytes);
  tf.disposeVariables();
}, 60_000);
