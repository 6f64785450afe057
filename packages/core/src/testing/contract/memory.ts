import { combined, flat, random, times } from "../dense.ts";
import { type ContractCase, expectClose, expectThat, Workbench, withScratch } from "./subject.ts";

const [ROWS, COLS] = [6, 4];
const a = random(ROWS, COLS, 1);
const identity = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)));

export const memoryCases: readonly ContractCase[] = [
  {
    name: "what is written through a weight's handle is what the user sees",
    run({ backend, source, values }) {
      const bench = new Workbench(backend);
      const storage = source(flat(a), ROWS, COLS);
      const weight = given("weight", backend.weight(storage, ROWS, COLS));
      backend.axpby(weight, 2, weight, 0);
      expectClose(
        "2 a",
        asRows(values(storage)),
        times(
          a,
          identity.map((row) => row.map((x) => 2 * x)),
        ),
        0,
      );
      backend.matmul(weight, bench.put(a), bench.put(identity), { alpha: 3, beta: 1 });
      const five = identity.map((row) => row.map((x) => 5 * x));
      expectClose("5 a", asRows(values(storage)), times(a, five), 5 * 2 ** -22 * ROWS * COLS);
      bench.dispose();
    },
  },
  {
    name: "a gradient's handle holds what the user gave, and the user's storage stays as it was",
    run({ backend, source, values }) {
      const storage = source(flat(a), ROWS, COLS);
      const gradient = given("gradient", backend.gradient(storage, ROWS, COLS));
      const bench = new Workbench(backend);
      const out = bench.garbage(ROWS, COLS);
      backend.axpby(out, 1, gradient, 0);
      expectClose("copy", bench.get(out, ROWS, COLS), a, 0);
      expectClose("storage", asRows(values(storage)), a, 0);
      bench.dispose();
    },
  },
  {
    name: "elements, if they are in memory, are the matrix itself",
    run({ backend }) {
      if (backend.elements === undefined) return;
      const bench = new Workbench(backend);
      const matrix = bench.put(a);
      const elements = backend.elements(matrix);
      expectClose("read", asRows(elements), a, 0);
      elements.set(elements.map((x) => 2 * x));
      expectClose(
        "written",
        bench.get(matrix, ROWS, COLS),
        a.map((row) => row.map((x) => 2 * x)),
        0,
      );
      bench.dispose();
    },
  },
  {
    name: "storage of another size has no handle",
    run({ backend, source }) {
      const storage = source(flat(a), ROWS, COLS);
      expectThat(backend.weight(storage, ROWS, COLS + 1) === undefined, "weight: expected undefined");
      expectThat(backend.gradient(storage, ROWS + 1, COLS) === undefined, "gradient: expected undefined");
      const size = given("shapeOf", backend.shapeOf(storage)).reduce((product, length) => product * length, 1);
      expectThat(size === ROWS * COLS, `shapeOf: expected ${ROWS * COLS} elements, got ${size}`);
    },
  },
  {
    name: "rows of a handle, if there are such, are the same numbers",
    run({ backend, source, values }) {
      if (backend.rowsOf === undefined) return;
      const storage = source(flat(a), ROWS, COLS);
      const rows = backend.rowsOf(given("weight", backend.weight(storage, ROWS, COLS)), 2, 3);
      backend.axpby(rows, 0, rows, 0);
      const want = a.map((row, i) => row.map((x) => (i >= 2 && i < 5 ? 0 : x)));
      expectClose("rows 2 to 4 zeroed", asRows(values(storage)), want, 0);
    },
  },
  {
    name: "packing, if there is such, keeps the bits of every number that it says, and survives read and write",
    run({ backend }) {
      const { sizes } = backend;
      if (sizes.packed === undefined || backend.pack === undefined || backend.unpack === undefined) return;
      for (const [bits, share] of [
        [8, 1 / 254],
        [4, 1 / 6],
      ] as const) {
        const words = sizes.packed(12, 20, bits);
        const bench = new Workbench(backend);
        const rows = random(12, 20, 3);
        const [packed, copy, out] = [bench.empty(1, words), bench.empty(1, words), bench.garbage(12, 20)];
        backend.pack(packed, bench.put(rows), bits);
        backend.write(copy, backend.read(packed));
        backend.unpack(out, copy, bits);
        const largest = Math.max(...rows.flat().map(Math.abs));
        bench.get(out, 12, 20).forEach((row, i) => {
          row.forEach((x, j) => {
            const error = Math.abs(x - rows[i]![j]!);
            const allowed = largest * share + 2 ** -22;
            expectThat(error <= allowed, `${bits} bits, [${i}, ${j}]: off by ${error} of ${largest}`);
          });
        });
        bench.dispose();
      }
    },
  },
  {
    name: "adamw with packed moments, if there is such, follows its formula to the precision of 8 bits",
    run({ backend }) {
      const { sizes } = backend;
      if (sizes.packed === undefined || backend.adamwPacked === undefined) return;
      const words = sizes.packed(12, 20, 8);
      const bench = new Workbench(backend);
      const [weights, gradient] = [random(12, 20, 3), random(12, 20, 4)];
      const handles = [bench.put(weights), bench.put(gradient), bench.empty(1, words), bench.empty(1, words)] as const;
      const update = { lr: 0.1, beta1: 0.8, beta2: 0.9, eps: 1e-3, decay: 0.3 };
      const largest = Math.max(...gradient.flat().map(Math.abs));
      // The gradient is the same at every step, so that the corrected moments are itself and its square.
      const steps = gradient.map((row) => row.map((g) => (0.1 * g) / (Math.abs(g) + 1e-3)));
      let want = weights;
      for (let t = 1; t <= 3; t++) {
        const [correction1, correction2] = [1 - 0.8 ** t, 1 - 0.9 ** t];
        backend.adamwPacked(...handles, { ...update, correction1, correction2 });
        want = combined(0.97, want, -1, steps);
        bench.get(handles[0], 12, 20).forEach((row, i) => {
          row.forEach((x, j) => {
            // Each step but the first divides a stored moment by a stored root: 1/254 and 1/510 of the largest off, and together at most twice.
            const off = (largest * (1 / 254 + 1 / 510)) / Math.abs(gradient[i]![j]!);
            const [error, allowed] = [Math.abs(x - want[i]![j]!), 1e-5 + 0.1 * (t - 1) * 2 * off];
            expectThat(error <= allowed, `[${i}, ${j}] after ${t} steps: off by ${error}, allowed ${allowed}`);
          });
        });
      }
      bench.dispose();
    },
  },
  {
    name: "scratch of the announced size holds what it was announced for, again and again",
    run({ backend }) {
      const bytes = 2 * backend.sizes.matrix(ROWS, COLS) + backend.sizes.matrix(3, 3);
      const bench = new Workbench(backend);
      withScratch(backend, bytes, (scratch) => {
        for (let round = 0; round < 3; round++) {
          scratch.scope(() => {
            const first = scratch.matrix(ROWS, COLS);
            backend.axpby(first, 1, bench.put(a), 0);
            for (let inner = 0; inner < 3; inner++) {
              scratch.scope(() => {
                const [second, third] = [scratch.matrix(ROWS, COLS), scratch.matrix(3, 3)];
                backend.write(second, new Float32Array(ROWS * COLS).fill(inner));
                backend.write(third, new Float32Array(9).fill(inner));
              });
            }
            expectClose("the outer scope's matrix", bench.get(first, ROWS, COLS), a, 0);
          });
        }
      });
      bench.dispose();
    },
  },
  {
    name: "a scope that throws gives back what it took",
    run({ backend }) {
      withScratch(backend, backend.sizes.matrix(ROWS, COLS), (scratch) => {
        for (let round = 0; round < 2; round++) {
          try {
            scratch.scope(() => {
              scratch.matrix(ROWS, COLS);
              throw new RangeError("on purpose");
            });
          } catch (error) {
            if (!(error instanceof RangeError && error.message === "on purpose")) throw error;
          }
        }
      });
    },
  },
];

/** The value that a method gave for storage of the right size. @throws {Error} if it gave none. */
function given<V>(method: string, value: V | undefined): V {
  if (value === undefined || value === null) {
    throw new Error(`${method} gave ${String(value)} for storage of ${ROWS} x ${COLS} numbers`);
  }
  return value;
}

const asRows = (values: Float32Array): number[][] =>
  Array.from({ length: ROWS }, (_, i) => Array.from(values.subarray(i * COLS, (i + 1) * COLS)));
