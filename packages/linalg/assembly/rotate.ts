/**
 * The contract of `Engine.rotate`: strips of columns from the last row to the first, the row that two rotations share in registers,
 * so that every element is read and written once.
 */
export function rotate(count: usize, n: usize, c: usize, s: usize, x: usize, ldx: usize): void {
  if (count == 0) return;
  ldx *= 8;
  const end = x + 8 * n;
  for (; x + 64 <= end; x += 64) strip4(count, c, s, x, ldx);
  for (; x + 16 <= end; x += 16) strip1(count, c, s, x, ldx);
  if (x < end) lane(count, c, s, x, ldx);
}

function strip4(count: usize, c: usize, s: usize, x: usize, ldx: usize): void {
  let row = x + count * ldx;
  let p0 = v128.load(row), p1 = v128.load(row, 16), p2 = v128.load(row, 32), p3 = v128.load(row, 48);
  for (let i = 8 * (count - 1); ; i -= 8) {
    const cosine = v128.load64_splat(c + i), sine = v128.load64_splat(s + i);
    const above = row - ldx;
    const a0 = v128.load(above), a1 = v128.load(above, 16), a2 = v128.load(above, 32), a3 = v128.load(above, 48);
    v128.store(row, f64x2.add(f64x2.mul(sine, a0), f64x2.mul(cosine, p0)));
    v128.store(row, f64x2.add(f64x2.mul(sine, a1), f64x2.mul(cosine, p1)), 16);
    v128.store(row, f64x2.add(f64x2.mul(sine, a2), f64x2.mul(cosine, p2)), 32);
    v128.store(row, f64x2.add(f64x2.mul(sine, a3), f64x2.mul(cosine, p3)), 48);
    p0 = f64x2.sub(f64x2.mul(cosine, a0), f64x2.mul(sine, p0));
    p1 = f64x2.sub(f64x2.mul(cosine, a1), f64x2.mul(sine, p1));
    p2 = f64x2.sub(f64x2.mul(cosine, a2), f64x2.mul(sine, p2));
    p3 = f64x2.sub(f64x2.mul(cosine, a3), f64x2.mul(sine, p3));
    row = above;
    if (i == 0) break;
  }
  v128.store(row, p0);
  v128.store(row, p1, 16);
  v128.store(row, p2, 32);
  v128.store(row, p3, 48);
}

function strip1(count: usize, c: usize, s: usize, x: usize, ldx: usize): void {
  let row = x + count * ldx;
  let p = v128.load(row);
  for (let i = 8 * (count - 1); ; i -= 8) {
    const cosine = v128.load64_splat(c + i), sine = v128.load64_splat(s + i);
    const a = v128.load(row - ldx);
    v128.store(row, f64x2.add(f64x2.mul(sine, a), f64x2.mul(cosine, p)));
    p = f64x2.sub(f64x2.mul(cosine, a), f64x2.mul(sine, p));
    row -= ldx;
    if (i == 0) break;
  }
  v128.store(row, p);
}

function lane(count: usize, c: usize, s: usize, x: usize, ldx: usize): void {
  let row = x + count * ldx;
  let p = load<f64>(row);
  for (let i = 8 * (count - 1); ; i -= 8) {
    const cosine = load<f64>(c + i), sine = load<f64>(s + i);
    const a = load<f64>(row - ldx);
    store<f64>(row, sine * a + cosine * p);
    p = cosine * a - sine * p;
    row -= ldx;
    if (i == 0) break;
  }
  store<f64>(row, p);
}
