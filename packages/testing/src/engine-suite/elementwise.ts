import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dtype, type EngineUnderTest, unitRoundoff } from "./engine.ts";
import { layout, withOperands } from "./operand.ts";

const dtypes = fc.constantFrom<Dtype>("float32", "float64");
const length = fc.oneof(fc.nat(70), fc.integer({ min: 1000, max: 5000 }));
const factor = fc.constantFrom(0, 1, -1, 0.3, 1.75);

/** Contracts of `Engine.axpby`, `Engine.dot` and `Engine.adamw`. */
export function describeElementwise(engine: () => EngineUnderTest): void {
  test("axpby is accurate and writes nothing else", () => {
    const property = fc.property(dtypes, length, factor, factor, layout, layout, (dtype, n, alpha, beta, inX, inY) =>
      withOperands(engine(), (make) => {
        const x = make(dtype, 1, n, inX);
        const y = make(dtype, 1, n, inY);
        if (beta === 0) y.fill(Number.NaN);
        engine().axpby(n, alpha, x.data, x.offset, beta, y.data, y.offset);
        x.expectUntouched();
        y.expectGuards();
        for (let i = 0; i < n; i++) {
          const scaled = alpha * x.initial(0, i);
          const kept = beta === 0 ? 0 : beta * y.initial(0, i);
          const bound = 4 * unitRoundoff(dtype) * (Math.abs(scaled) + Math.abs(kept));
          const error = Math.abs(y.get(0, i) - (scaled + kept));
          if (!(error <= bound)) expect.fail(`y[${i}] is off by ${error}, more than ${bound}`);
        }
      }),
    );
    fc.assert(property, { seed: 1, numRuns: 150 });
  });

  test("axpby takes x for y", () => {
    const property = fc.property(dtypes, length, layout, (dtype, n, inX) =>
      withOperands(engine(), (make) => {
        const x = make(dtype, 1, n, inX);
        engine().axpby(n, 0.5, x.data, x.offset, 0.25, x.data, x.offset);
        for (let i = 0; i < n; i++) {
          const exact = 0.75 * x.initial(0, i);
          const bound = 4 * unitRoundoff(dtype) * Math.abs(exact);
          if (!(Math.abs(x.get(0, i) - exact) <= bound)) expect.fail(`x[${i}] is not 0.75 of what it was`);
        }
      }),
    );
    fc.assert(property, { seed: 1, numRuns: 30 });
  });

  test("dot sums in float64", () => {
    const property = fc.property(dtypes, length, layout, layout, (dtype, n, inX, inY) =>
      withOperands(engine(), (make) => {
        const x = make(dtype, 1, n, inX);
        const y = make(dtype, 1, n, inY);
        const got = engine().dot(n, x.data, x.offset, y.data, y.offset);
        x.expectUntouched();
        y.expectUntouched();
        let sum = 0;
        let size = 0;
        for (let i = 0; i < n; i++) {
          sum += x.initial(0, i) * y.initial(0, i);
          size += Math.abs(x.initial(0, i) * y.initial(0, i));
        }
        expect(Math.abs(got - sum)).toBeLessThanOrEqual(2 * (n + 1) * unitRoundoff("float64") * size);
      }),
    );
    fc.assert(property, { seed: 1, numRuns: 150 });
  });

  describe("adamw", () => {
    const unit = fc.double({ min: 0.01, max: 0.999, noNaN: true });
    const layouts = fc.tuple(layout, layout, layout, layout);

    test("rounds each moment once and the weight once, and writes nothing else", () => {
      const property = fc.property(length, unit, unit, unit, unit, layouts, (n, beta1, beta2, lr, decay, at) =>
        withOperands(engine(), (make) => {
          const [w, g, m, v] = at.map((place) => make("float32", 1, n, place)) as [O, O, O, O];
          for (let i = 0; i < n; i++) v.set(0, i, Math.abs(v.get(0, i)));
          const before = Array.from({ length: n }, (_, i) => v.get(0, i));
          const [c1, c2, eps] = [1 - beta1 ** 3, 1 - beta2 ** 3, 1e-8];
          const operands = [w.data, w.offset, g.data, g.offset, m.data, m.offset, v.data, v.offset] as const;
          engine().adamw(n, ...operands, lr, beta1, beta2, eps, decay, c1, c2);
          g.expectUntouched();
          for (const operand of [w, m, v]) operand.expectGuards();
          for (let i = 0; i < n; i++) {
            const gradient = g.initial(0, i);
            const first = [beta1 * m.initial(0, i), (1 - beta1) * gradient] as const;
            const second = [beta2 * before[i]!, (1 - beta2) * gradient * gradient] as const;
            expectRounded(m.get(0, i), first);
            expectRounded(v.get(0, i), second);
            const step = (lr * (m.get(0, i) / c1)) / (Math.sqrt(v.get(0, i) / c2) + eps);
            expectRounded(w.get(0, i), [w.initial(0, i) * (1 - lr * decay), -step]);
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 60 });
    });
  });
}

type O = ReturnType<Parameters<Parameters<typeof withOperands>[1]>[0]> & { readonly data: Float32Array };

/** Expects the float32 nearest to the sum of the terms, up to a few float64 roundings of the terms. */
function expectRounded(got: number, terms: readonly [number, number]): void {
  const exact = terms[0] + terms[1];
  const slack = 16 * unitRoundoff("float64") * (Math.abs(terms[0]) + Math.abs(terms[1]));
  const error = Math.abs(got - exact);
  const bound = unitRoundoff("float32") * Math.abs(exact) + slack;
  if (!(error <= bound)) expect.fail(`${got} is off by ${error}, more than ${bound}`);
}
