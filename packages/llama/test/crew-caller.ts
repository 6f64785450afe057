import { createWasmEngine } from "@sumo/linalg";
import { createLlama } from "../src/index.ts";
import { randomBatch } from "./batch.ts";

/** Worker of a browser that makes a threaded pass, since a page may not sleep. Posts whether the pass has the bits of one thread. */
addEventListener("message", async () => {
  const member = new Worker(new URL("./crew-member.ts", import.meta.url), { type: "module" });
  const engine = createWasmEngine({ bytes: 2 ** 26, shared: true });
  const model = createLlama({ dim: 32, layers: 2, heads: 2, context: 16 }, { engine });
  const { tokens, targets } = randomBatch(48, 256, 1);
  const threaded = await model.createThreadedPass(3, 16, { workers: [member] });
  const bits = [threaded, model.createPass(3, 16)].map((pass) => {
    const gradients: number[] = [];
    const loss = pass.backward(tokens, targets, (_, gradient) => gradients.push(...gradient));
    return JSON.stringify([loss, gradients]);
  });
  threaded.dispose();
  member.terminate();
  postMessage(bits[0] === bits[1]);
});
