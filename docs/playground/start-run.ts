import type { Message } from "./messages.ts";

/**
 * Runs a program in a worker, which can be stopped even in an endless loop.
 *
 * @returns a function that terminates the worker. Until then timers and promises stay active.
 */
export function startRun(source: string, onMessage: (message: Message) => void): () => void {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const fail = (text: string): void => {
    onMessage({ kind: "printed", printed: { kind: "error", text } });
    onMessage({ kind: "ended", failed: true, timeMs: 0 });
  };
  worker.onmessage = ({ data }: MessageEvent<Message>) => onMessage(data);
  worker.onerror = ({ message }) => fail(message ?? "The playground's worker could not be loaded.");
  worker.postMessage(source);
  return () => worker.terminate();
}
