/** Threads of a workgroup that shares a row. */
export const ROW_THREADS: number = 64;

/** WGSL of `total(thread, x)` and `most(thread, x)`: sum and maximum over a workgroup of {@link ROW_THREADS}, given to all its threads. */
export const ROW_REDUCTIONS: string = `
var<workgroup> lanes: array<f32, ${ROW_THREADS}>;

fn total(thread: u32, x: f32) -> f32 {
  workgroupBarrier(); // all have read the last result
  lanes[thread] = x;
  for (var step = ${ROW_THREADS / 2}u; step > 0u; step /= 2u) {
    workgroupBarrier();
    if (thread < step) { lanes[thread] += lanes[thread + step]; }
  }
  workgroupBarrier();
  return lanes[0];
}

fn most(thread: u32, x: f32) -> f32 {
  workgroupBarrier();
  lanes[thread] = x;
  for (var step = ${ROW_THREADS / 2}u; step > 0u; step /= 2u) {
    workgroupBarrier();
    if (thread < step) { lanes[thread] = max(lanes[thread], lanes[thread + step]); }
  }
  workgroupBarrier();
  return lanes[0];
}`;
