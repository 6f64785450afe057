/** out[r] <- table[tokens[r]] */
export function embed(rows: i32, dim: i32, table: usize, tokens: usize, out: usize): void {
  const bytes = <usize>dim << 2;
  for (let r = 0; r < rows; r++) {
    memory.copy(out + <usize>r * bytes, table + <usize>load<i32>(tokens + (<usize>r << 2)) * bytes, bytes);
  }
}

/** dTable[tokens[r]] += dOut[r], in the order of r. */
export function embedGradient(rows: i32, dim: i32, tokens: usize, dOut: usize, dTable: usize): void {
  const bytes = <usize>dim << 2;
  const vectors = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    const from = dOut + <usize>r * bytes;
    const to = dTable + <usize>load<i32>(tokens + (<usize>r << 2)) * bytes;
    let i: usize = 0;
    for (; i < vectors; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
  }
}
