import { expect, test } from "vitest";

test("a threaded pass in a browser's worker has the bits of one thread", async () => {
  const caller = new Worker(new URL("./crew-caller.ts", import.meta.url), { type: "module" });
  const same = await new Promise((resolve, reject) => {
    caller.onmessage = ({ data }) => resolve(data);
    caller.onerror = ({ message }) => reject(new Error(message));
    caller.postMessage("begin");
  });
  caller.terminate();
  expect(same).toBe(true);
});
