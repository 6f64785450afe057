/** Products to time: square ones in every transposed form, and the thin ones of a low-rank optimizer. */
export const products = ["float32", "float64"].flatMap((dtype) => [
  ...[256, 512, 1024].map((n) => product(dtype, n, n, n)),
  product(dtype, 512, 512, 512, false, true),
  product(dtype, 512, 512, 512, true, false),
  product(dtype, 512, 512, 512, true, true),
  ...[8, 64].flatMap((r) => [product(dtype, r, 1024, 1024, true, false), product(dtype, 1024, 1024, r)]),
]);

function product(dtype, m, n, k, transposeA = false, transposeB = false) {
  const name = `${transposeA ? "Aᵀ" : "A"} ${transposeB ? "Bᵀ" : "B"}, ${m} × ${n} × ${k}`;
  return { routine: "matmul", dtype, name, m, n, k, transposeA, transposeB, flops: 2 * m * n * k };
}

/** Creates operands with values in [−1, 1), from a linear congruential generator. */
export function operands({ dtype, m, n, k, transposeA, transposeB }) {
  const type = dtype === "float32" ? Float32Array : Float64Array;
  let state = 1;
  const fill = (rows, cols) => {
    const data = new type(rows * cols).map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 31 - 1;
    });
    return { rows, cols, data };
  };
  return [transposeA ? fill(k, m) : fill(m, k), transposeB ? fill(n, k) : fill(k, n)];
}

/** Checks that every contestant computed the product of the first, to rounding of the dtype. */
export function checkProducts({ dtype, k }, [{ result: expected }, ...others]) {
  const tolerance = k * (dtype === "float32" ? 2 ** -23 : 2 ** -52);
  const size = Math.hypot(...sampled(expected));
  for (const { name, result } of others) {
    const error = Math.hypot(...sampled(expected).map((x, i) => x - sampled(result)[i]));
    if (!(result.length === expected.length && error <= tolerance * size))
      throw new Error(`${name} computed something else`);
  }
}

/** Samples elements at regular intervals, few enough to spread as arguments. */
function sampled(values) {
  const step = Math.max(1, Math.floor(values.length / 1000));
  return Array.from({ length: Math.floor(values.length / step) }, (_, i) => values[i * step]);
}
