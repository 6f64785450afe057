import { strided } from "@sumo/testing";
import fc from "fast-check";
import ndarray from "ndarray";
import { expect, test } from "vitest";
import { createWasmEngine } from "../engine/wasm/wasm-engine.ts";
import { DtypeError, ShapeError } from "../errors.ts";
import { fromRows, matrix, transpose, zeros } from "../matrix/matrix.ts";
import type { Dtype } from "../matrix/real.ts";
import { Workspace } from "../memory/workspace.ts";
import { gram, gramInto, gramWorkspace } from "./gram.ts";

const engine = createWasmEngine({ bytes: 2 ** 24 });

test("gram takes any strides and writes nothing but out", () => {
  const operands = fc
    .tuple(fc.nat(12), fc.nat(12), fc.constantFrom<Dtype>("float32", "float64"), fc.boolean())
    .chain(([m, n, dtype, transposed]) =>
      fc.record({
        a: strided(m, n, { dtype, repeats: true }),
        out: strided(transposed ? n : m, transposed ? n : m, { dtype: "float64" }),
        transposed: fc.constant(transposed),
        dtype: fc.constant(dtype),
        withWork: fc.boolean(),
      }),
    );
  const property = fc.property(operands, ({ a, out, transposed, dtype, withWork }) => {
    const options = { transpose: transposed };
    const [m, n] = a.shape;
    const work = withWork ? new Workspace(engine, gramWorkspace(m, n, options, dtype)) : undefined;
    const expected = out.data.slice();
    const line = (i: number, p: number): number =>
      a.data[a.offset + (transposed ? p : i) * a.stride[0] + (transposed ? i : p) * a.stride[1]]!;
    for (let i = 0; i < out.shape[0]; i++) {
      for (let j = 0; j < out.shape[0]; j++) {
        let sum = 0;
        for (let p = 0; p < (transposed ? m : n); p++) sum += line(i, p) * line(j, p);
        expected[out.offset + i * out.stride[0] + j * out.stride[1]] = sum;
      }
    }
    const target = { ...out, data: out.data as Float64Array };
    expect(gramInto(target, a, options, work)).toBe(target);
    work?.dispose();
    expect(Array.from(out.data, (x) => x + 0)).toEqual(Array.from(expected, (x) => x + 0));
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

test("float32 data are multiplied in float64", () => {
  const x = 1 + 2 ** -23;
  expect(gram(fromRows([[x]], "float32")).get(0, 0)).toBe(x * x);
});

test("out may be the operand; ndarray objects go in", () => {
  const a = matrix(2, 2, Float64Array.of(1, 2, 3, 4));
  expect(gramInto(a, transpose(a)).data).toEqual(Float64Array.of(10, 14, 14, 20));
  expect(gram(ndarray(Float32Array.of(3, 4), [1, 2])).get(0, 0)).toBe(25);
});

test("a wrong out is refused before anything is written", () => {
  const a = zeros(2, 3);
  const single = fromRows([[7, 7, 7]], "float32");
  expect(() => gramInto(zeros(3, 3), a)).toThrow(ShapeError);
  expect(() => gramInto(zeros(2, 2), a, { transpose: true })).toThrow(ShapeError);
  expect(() => gramInto(zeros(2, 2, "float32") as never, a)).toThrow(DtypeError);
  expect(() => gram({ ...single, shape: [3], stride: [1] })).toThrow(ShapeError);
  expect(single.data).toEqual(Float32Array.of(7, 7, 7));
});
