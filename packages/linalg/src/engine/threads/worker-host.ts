import type { Worker as NodeWorker } from "node:worker_threads";
import type { WorkerStart } from "./worker-loop.ts";

export interface WorkerHandle {
  terminate(): unknown;
}

/** Node's own modules, looked up without an import that a bundler for browsers would follow. */
const nodeModule = <M>(name: string): M | undefined =>
  globalThis.process?.getBuiltinModule?.(name as "node:os") as M | undefined;

/** Starts a worker, in Node or in a browser, that runs `program` once with `start`. It does not keep a Node process alive. */
export function startWorker(program: (start: WorkerStart) => void, start: WorkerStart): WorkerHandle {
  const threads = nodeModule<{ Worker: typeof NodeWorker }>("node:worker_threads");
  if (threads !== undefined) {
    const source = `(${program})(require("node:worker_threads").workerData)`;
    const worker = new threads.Worker(source, { eval: true, workerData: start });
    worker.unref();
    return worker;
  }
  const source = `onmessage = (event) => (${program})(event.data)`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address);
  worker.postMessage(start);
  URL.revokeObjectURL(address);
  return worker;
}

/** Threads that run at once on this machine. */
export function hardwareThreads(): number {
  const os = nodeModule<typeof import("node:os")>("node:os");
  return os?.availableParallelism() ?? navigator.hardwareConcurrency;
}
