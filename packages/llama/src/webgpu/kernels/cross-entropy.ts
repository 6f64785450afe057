import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";
import { ROW_REDUCTIONS, ROW_THREADS } from "./row-reductions.ts";

const KERNEL: Kernel<"vocab", "logits" | "targets" | "scale" | "losses"> = {
  name: "crossEntropy",
  numbers: { vocab: "u32" },
  arrays: { logits: "write f32", targets: "read i32", scale: "read f32", losses: "write f32" },
  body: `${ROW_REDUCTIONS}
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let at = row * given.vocab;
  let aim = targets[row];
  var top = -3.0e38;
  for (var j = thread; j < given.vocab; j += ${ROW_THREADS}u) { top = max(top, logits[at + j]); }
  top = most(thread, top);
  var sum = 0.0;
  for (var j = thread; j < given.vocab; j += ${ROW_THREADS}u) { sum += exp(logits[at + j] - top); }
  sum = total(thread, sum);
  if (thread == 0u) {
    if (aim < 0) { losses[row] = 0.0; } else { losses[row] = top - logits[at + u32(aim)] + log(sum); }
  }
  storageBarrier(); // the target's logit is read
  for (var j = thread; j < given.vocab; j += ${ROW_THREADS}u) {
    var gradient = 0.0;
    if (aim >= 0) {
      gradient = exp(logits[at + j] - top) / sum;
      if (j == u32(aim)) { gradient -= 1.0; }
    }
    logits[at + j] = scale[0] * gradient;
  }
}`,
};

/**
 * losses[r] ← −ln softmax(logits[r])[targets[r]]; logits[r] ← scale (softmax(logits[r]) − onehot(targets[r])). Both are 0 where
 * targets[r] < 0.
 *
 * @param targets - int32, below `vocab`.
 * @param scale - one number, on the device, so that a batch with another number of targets needs no other command.
 */
export function crossEntropy(
  gpu: Gpu,
  rows: number,
  vocab: number,
  scale: GpuArray,
  logits: GpuArray,
  targets: GpuArray,
  losses: GpuArray,
): Command {
  return gpu.command(KERNEL, { vocab }, { logits, targets, scale, losses }, [rows, 1]);
}
