import { type Outcome, trainEverywhere } from "./train-everywhere.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const inWorker = new Promise<Outcome>((resolve, reject) => {
  worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});

/** Globals that the test waits for. */
Object.assign(globalThis, {
  outcome: trainEverywhere().then(async (page) => ({ page, worker: await inWorker })),
});
