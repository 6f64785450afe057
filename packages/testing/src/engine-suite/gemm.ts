import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dtype, type EngineUnderTest, unitRoundoff } from "./engine.ts";
import { type Layout, layout, type MakeOperand, type Operand, withOperands } from "./operand.ts";

interface Product {
  readonly dtype: Dtype;
  readonly sizes: readonly [m: number, n: number, k: number];
  readonly transA: boolean;
  readonly transB: boolean;
  readonly layouts: readonly [a: Layout, b: Layout, c: Layout];
}

interface Operands {
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
}

const few = fc.nat(9);
const some = fc.nat(20);
const many = fc.integer({ min: 20, max: 70 });
/** Sizes beyond the blocks of all kernels. */
const long = fc.integer({ min: 150, max: 2100 });
const product = (sizes: fc.Arbitrary<[number, number, number]>): fc.Arbitrary<Product> =>
  fc.record({
    dtype: fc.constantFrom("float32", "float64"),
    sizes,
    transA: fc.boolean(),
    transB: fc.boolean(),
    layouts: fc.tuple(layout, layout, layout),
  });
const anyProduct = product(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(some, some, some) },
    fc.tuple(many, many, many),
    fc.tuple(long, few, some),
    fc.tuple(few, long, some),
    fc.tuple(few, few, long),
  ),
);
/** Products larger than the blocks in both directions. */
const largeProduct = product(
  fc.tuple(fc.integer({ min: 190, max: 210 }), fc.integer({ min: 2040, max: 2070 }), fc.nat(2)),
);
/** Products with at least one element and one term. */
const someProduct = product(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 }), many));
const factor = fc.constantFrom(0, 1, -1, 0.3, 1.75);

/** Contract of `Engine.gemm`. */
export function describeGemm(engine: () => EngineUnderTest): void {
  const check = (name: string, products: fc.Arbitrary<Product>, numRuns: number, body: Body): void => {
    test(name, () => {
      const property = fc.property(products, factor, factor, (p, alpha, beta) =>
        withOperands(engine(), (make) => body(p, operands(make, p), alpha, beta, make)),
      );
      fc.assert(property, { seed: 1, numRuns });
    });
  };

  describe("gemm", () => {
    const accurately: Body = (p, { a, b, c }, alpha, beta) => {
      multiply(engine(), p, alpha, a, b, beta, c);
      a.expectUntouched();
      b.expectUntouched();
      c.expectGuards();
      expectProduct(p, alpha, a, b, beta, c);
    };
    check("is accurate and writes nothing else", anyProduct, 200, accurately);
    check("is accurate past every block", largeProduct, 6, accurately);

    check("ignores what C held where beta is 0", anyProduct, 50, (p, { a, b, c }, alpha) => {
      c.fill(Number.NaN);
      multiply(engine(), p, alpha, a, b, 0, c);
      expectProduct(p, alpha, a, b, 0, c);
    });

    check("ignores A and B where alpha is 0", anyProduct, 50, (p, { a, b, c }, _alpha, beta) => {
      a.fill(Number.NaN);
      b.fill(Number.POSITIVE_INFINITY);
      multiply(engine(), p, 0, a, b, beta, c);
      for (let i = 0; i < c.rows; i++) {
        for (let j = 0; j < c.cols; j++) {
          const exact = beta * c.initial(i, j);
          const bound = 2 * unitRoundoff(p.dtype) * Math.abs(exact);
          if (!(Math.abs(c.get(i, j) - exact) <= bound)) expect.fail(`C[${i}, ${j}] is not beta times what it was`);
        }
      }
    });

    check("carries NaN and infinities to their rows and columns only", someProduct, 50, (p, { a, b, c }) => {
      const [m, n, k] = p.sizes;
      const [row, column] = [p.layouts[0].seed % m, p.layouts[1].seed % n];
      a.set(...((p.transA ? [k - 1, row] : [row, k - 1]) as [number, number]), Number.NaN);
      b.set(...((p.transB ? [column, 0] : [0, column]) as [number, number]), Number.POSITIVE_INFINITY);
      multiply(engine(), p, 1, a, b, 0, c);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const value = c.get(i, j);
          if (i === row) expect(value).toBeNaN();
          else if (j === column) expect(Number.isFinite(value)).toBe(false);
          else expect(Number.isFinite(value)).toBe(true);
        }
      }
    });

    check("gives the same bits wherever operands lie", anyProduct, 50, (p, { a, b, c }, alpha, beta, make) => {
      const moved = operands(make, { ...p, layouts: p.layouts.map(elsewhere) as [Layout, Layout, Layout] });
      multiply(engine(), p, alpha, a, b, beta, c);
      multiply(engine(), p, alpha, moved.a, moved.b, beta, moved.c);
      const [here, there] = [c.values(), moved.c.values()];
      const at = here.findIndex((value, i) => !Object.is(value, there[i]));
      if (at >= 0) expect.fail(`element ${at} is ${here[at]} here and ${there[at]} there`);
    });
  });
}

type Body = (p: Product, operands: Operands, alpha: number, beta: number, make: MakeOperand) => void;

const elsewhere = ({ inHeap, offset, gap, seed }: Layout): Layout => ({
  inHeap: !inHeap,
  offset: offset + 1,
  gap: gap + 3,
  seed,
});

function operands(make: MakeOperand, { dtype, sizes, transA, transB, layouts }: Product): Operands {
  const [m, n, k] = sizes;
  return {
    a: transA ? make(dtype, k, m, layouts[0]) : make(dtype, m, k, layouts[0]),
    b: transB ? make(dtype, n, k, layouts[1]) : make(dtype, k, n, layouts[1]),
    c: make(dtype, m, n, layouts[2]),
  };
}

function multiply(
  engine: EngineUnderTest,
  { sizes: [m, n, k], transA, transB }: Product,
  alpha: number,
  a: Operand,
  b: Operand,
  beta: number,
  c: Operand,
): void {
  const operandA = [a.data, a.offset, a.ld] as const;
  const operandB = [b.data, b.offset, b.ld] as const;
  engine.gemm(transA, transB, m, n, k, alpha, ...operandA, ...operandB, beta, c.data, c.offset, c.ld);
}

/** |error| ≤ 2 (k + 4) u (|alpha| |A| |B| + |beta C|), elementwise; the oracle's float64 sum has half of that error in the float64 case. */
function expectProduct(
  { dtype, sizes: [m, n, k], transA, transB }: Product,
  alpha: number,
  a: Operand,
  b: Operand,
  beta: number,
  c: Operand,
): void {
  const tolerance = 2 * (k + 4) * unitRoundoff(dtype);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let size = 0;
      for (let p = 0; p < k; p++) {
        const term = (transA ? a.initial(p, i) : a.initial(i, p)) * (transB ? b.initial(j, p) : b.initial(p, j));
        sum += term;
        size += Math.abs(term);
      }
      const kept = beta === 0 ? 0 : beta * c.initial(i, j);
      const error = Math.abs(c.get(i, j) - (alpha * sum + kept));
      const bound = tolerance * (Math.abs(alpha) * size + Math.abs(kept));
      if (!(error <= bound)) expect.fail(`C[${i}, ${j}] is off by ${error}, more than ${bound}`);
    }
  }
}
