import type { News, Order } from "./protocol.ts";
import { TrainingLoop } from "./training-loop.ts";

/** A worker that trains one run, as the page orders. */

const tell = (news: News): void => postMessage(news);

let loop: TrainingLoop | undefined;

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  void obey(data).catch((error: unknown) => {
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  });
});

async function obey(order: Order): Promise<void> {
  if (order.kind === "open") {
    loop = new TrainingLoop(order, tell);
    tell({ kind: "opened" });
    return;
  }
  if (loop === undefined) throw new Error("the run was not opened");
  switch (order.kind) {
    case "go":
      return loop.go();
    case "step":
      return loop.step();
    case "pause":
      return loop.pause();
    case "save":
      return loop.save();
    default:
      order satisfies never;
  }
}
