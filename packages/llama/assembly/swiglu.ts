import { exp1, exp4 } from "./exp";

/** out[r] <- silu(gate[r]) up[r]; a row of gateUp is gate, then up. */
export function swiglu(rows: i32, hidden: i32, gateUp: usize, out: usize): void {
  const bytes = <usize>hidden << 2;
  const vectors = bytes & ~15;
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    const up = gateUp + bytes;
    let i: usize = 0;
    for (; i < vectors; i += 16) {
      const g = v128.load(gateUp + i);
      const silu = f32x4.div(g, f32x4.add(one, exp4(f32x4.neg(g))));
      v128.store(out + i, f32x4.mul(silu, v128.load(up + i)));
    }
    for (; i < bytes; i += 4) {
      const g = load<f32>(gateUp + i);
      store<f32>(out + i, (g / (1 + exp1(-g))) * load<f32>(up + i));
    }
    gateUp += 2 * bytes;
    out += bytes;
  }
}

/** Backward pass: gateUp <- its gradient; `out`, on entry the gradient of swiglu's output, is overwritten with that output. */
export function swigluBackward(rows: i32, hidden: i32, gateUp: usize, out: usize): void {
  const bytes = <usize>hidden << 2;
  const vectors = bytes & ~15;
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    const up = gateUp + bytes;
    let i: usize = 0;
    for (; i < vectors; i += 16) {
      const g = v128.load(gateUp + i);
      const u = v128.load(up + i);
      const d = v128.load(out + i);
      const sigmoid = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(g))));
      const silu = f32x4.mul(g, sigmoid);
      // silu' = sigmoid (1 + g (1 - sigmoid)) = sigmoid + silu - silu sigmoid
      const slope = f32x4.add(sigmoid, f32x4.mul(silu, f32x4.sub(one, sigmoid)));
      v128.store(gateUp + i, f32x4.mul(f32x4.mul(d, u), slope));
      v128.store(up + i, f32x4.mul(d, silu));
      v128.store(out + i, f32x4.mul(silu, u));
    }
    for (; i < bytes; i += 4) {
      const g = load<f32>(gateUp + i);
      const u = load<f32>(up + i);
      const d = load<f32>(out + i);
      const sigmoid: f32 = 1 / (1 + exp1(-g));
      const silu = g * sigmoid;
      store<f32>(gateUp + i, d * u * (sigmoid + silu * (1 - sigmoid)));
      store<f32>(up + i, d * silu);
      store<f32>(out + i, silu * u);
    }
    gateUp += 2 * bytes;
    out += bytes;
  }
}
