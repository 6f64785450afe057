/** out (width floats) <- sum over r of x[r] */
export function sumRows(rows: i32, width: i32, x: usize, out: usize): void {
  const bytes = <usize>width << 2;
  const vectors = bytes & ~15;
  memory.fill(out, 0, bytes);
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    for (; i < vectors; i += 16) v128.store(out + i, f32x4.add(v128.load(out + i), v128.load(x + i)));
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(x + i));
    x += bytes;
  }
}
