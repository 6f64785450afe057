import type { News, Order } from "../runs/protocol.ts";
import { TrainingLoop } from "./training-loop.ts";

// Entry of a worker that trains one run by the page's orders.

const post = (news: News): void => postMessage(news);

/** The run, or its opening: orders may arrive before that is complete. */
let opened: Promise<TrainingLoop> | undefined;

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  execute(data).catch((error: unknown) => {
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  });
});

async function execute(order: Order): Promise<void> {
  if (order.kind === "open") {
    opened = TrainingLoop.open(order, post);
    await opened;
    post({ kind: "opened" });
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
