import type { News, Order } from "./protocol.ts";
import { TrainingLoop } from "./training-loop.ts";

/** A worker that trains one run, as the page orders. */

const tell = (news: News): void => postMessage(news);

/** Orders may come while the run is still being opened. */
let opened: Promise<TrainingLoop> | undefined;

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  obey(data).catch((error: unknown) => {
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  });
});

async function obey(order: Order): Promise<void> {
  if (order.kind === "open") {
    opened = TrainingLoop.open(order, tell);
    await opened;
    tell({ kind: "opened" });
    return;
  }
  const loop = await opened;
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
