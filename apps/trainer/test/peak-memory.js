// Preloaded into the trainer (node --import): writes the most memory that the process had, in bytes, to the file PEAK_FILE when it ends.
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("exit", () => writeFileSync(process.env.PEAK_FILE, String(1024 * process.resourceUsage().maxRSS)));
}
