import { createReferenceEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../../backend/linalg-backend.ts";
import { readSafetensors } from "../../checkpoint/safetensors.ts";
import { CheckpointError, StepFailedError } from "../../errors.ts";
import { createOptimizer } from "../../optimizer/optimizer.ts";
import { plan } from "../../optimizer/plan.ts";
import { flat, frobenius, type Rows, random, times, transposed, unflat, withSpectrum } from "../../testing/dense.ts";

const [ROWS, COLS] = [12, 20];
const rank = { energy: 0.9, min: 2, max: 6 };
const options = { optimizer: "sumo", lr: 0.01, rank, refresh: { every: 2, stagger: false } } as const;
/** Equal singular values: nine tenths of the energy of k directions need ⌈0.9 k⌉ of them. */
const flatSpectrum = (k: number, seed: number): Rows => withSpectrum(ROWS, COLS, Array(k).fill(1), seed);

const create = () => {
  const engine = createReferenceEngine({ bytes: 2 ** 22 });
  const data = new Float32Array(ROWS * COLS);
  const parameters = [{ name: "w", shape: [ROWS, COLS], data }];
  return { engine, data, optimizer: createOptimizer(parameters, options, { backend: linalgBackend(engine) }) };
};

describe("adaptive rank", () => {
  test("takes the smallest rank that holds the energy, between its bounds, and shrinks and grows", () => {
    const { optimizer, engine } = create();
    const { stateBytes, workspaceBytes } = plan([{ name: "w", shape: [ROWS, COLS] }], options);
    const ranks: number[] = [];
    const bytes: number[] = [];
    optimizer.on("refresh", (event) => ranks.push(event.rank));
    for (const k of [10, 5, 1, 3, 8]) {
      for (let i = 0; i < 2; i++) optimizer.stepParameter("w", flat(flatSpectrum(k, k)));
      bytes.push(engine.heap.usedBytes - workspaceBytes);
    }
    expect(ranks).toEqual([6, 5, 2, 3, 6]);
    const stateOf = (r: number) => [ROWS * r, r * COLS].reduce((sum, n) => sum + Math.ceil(n / 16) * 64, 0);
    expect(bytes).toEqual(ranks.map(stateOf));
    expect(stateOf(6)).toBe(stateBytes);
  });

  test("carries the moment into the smaller and the larger subspace", () => {
    const { optimizer } = create();
    const momentAfter = (k: number, seed: number) => {
      const retained: number[] = [];
      const end = optimizer.on("refresh", ({ retention }) => retained.push(retention));
      for (let i = 0; i < 2; i++) optimizer.stepParameter("w", flat(flatSpectrum(k, seed)));
      end();
      const { tensors } = readSafetensors(optimizer.save());
      const basis = tensors["w/basis"]!;
      const r = basis.shape[1]!;
      const q = unflat(ROWS, r, basis.data);
      const lifted = times(q, unflat(r, COLS, tensors["w/moment"]!.data));
      return { r, q, lifted, retained };
    };
    const before = momentAfter(5, 1);
    const after = momentAfter(2, 2);
    expect([before.r, after.r]).toEqual([5, 2]);
    const kept = frobenius(times(transposed(after.q), before.lifted)) / frobenius(before.lifted);
    expect(after.retained[0]).toBeCloseTo(kept, 5);
  });

  describe("that finds no room", () => {
    /** Bytes that suffice to grow one matrix from rank 2 to rank 6, and not two. */
    const ROOM_FOR_ONE = 960;
    /** Two matrices at rank 2, and a heap that is full but for `reserve`, which can be released. */
    function crowded() {
      const engine = createReferenceEngine({ bytes: 2 ** 20 });
      const parameters = ["a", "b"].map((name) => ({ name, shape: [ROWS, COLS], data: flat(random(ROWS, COLS, 9)) }));
      const optimizer = createOptimizer(parameters, options, { backend: linalgBackend(engine) });
      const step = (name: string, k: number) => optimizer.stepParameter(name, flat(flatSpectrum(k, k)));
      for (const k of [2, 2]) for (const name of ["a", "b"]) step(name, k);
      const reserve = engine.heap.uint8(ROOM_FOR_ONE);
      const fillers: Float32Array[] = [];
      for (let bytes = 2 ** 20; bytes >= 64; ) {
        try {
          fillers.push(engine.heap.float32(bytes / 4));
        } catch {
          bytes /= 2;
        }
      }
      const empty = (): void => {
        for (const filler of fillers.splice(0)) engine.heap.release(filler);
      };
      return { engine, reserve, parameters, optimizer, step, empty };
    }

    test("refuses the step, and loses nothing", () => {
      const { parameters, optimizer, step, empty, engine } = crowded();
      const [weight, state, used] = [parameters[0]!.data.slice(), optimizer.save(), engine.heap.usedBytes];
      expect(() => step("a", 6)).toThrow(StepFailedError);
      expect([parameters[0]!.data, optimizer.save(), engine.heap.usedBytes]).toEqual([weight, state, used]);

      empty();
      step("a", 6);
      const undisturbed = crowded();
      undisturbed.empty();
      undisturbed.step("a", 6);
      expect([parameters[0]!.data, optimizer.save()]).toEqual([
        undisturbed.parameters[0]!.data,
        undisturbed.optimizer.save(),
      ]);
    });

    test("refuses a checkpoint, and loses nothing", () => {
      const larger = crowded();
      larger.empty();
      for (const name of ["a", "b"]) larger.step(name, 6);
      const saved = larger.optimizer.save();

      const { optimizer, engine, reserve, step, empty } = crowded();
      engine.heap.release(reserve);
      const [before, used] = [optimizer.save(), engine.heap.usedBytes];
      expect(() => optimizer.load(saved)).toThrow(CheckpointError);
      expect([optimizer.save(), engine.heap.usedBytes]).toEqual([before, used]);

      step("a", 6); // there is memory for one
      empty();
      optimizer.load(saved);
      expect(optimizer.save()).toEqual(saved);
    });
  });
});
