import { expect, test } from "vitest";
import { createReferenceEngine } from "../engine/reference/reference-engine.ts";
import { WorkspaceError } from "../errors.ts";
import { zeros } from "../matrix/matrix.ts";
import { svd } from "../svd/svd.ts";
import { allOf, anyOf, sizeOfFloat32, sizeOfFloat64, Workspace } from "./workspace.ts";

const engine = createReferenceEngine({ bytes: 2 ** 18 });

test("sizes compose: together, or one after another", () => {
  const size = allOf(sizeOfFloat32(3), anyOf(sizeOfFloat64(100), sizeOfFloat32(10)));
  const work = new Workspace(engine, size);
  work.scope((w) => {
    w.float32(3);
    w.scope((inner) => inner.float64(100));
    w.float32(10);
    // What the larger alternative needs beyond the smaller is left.
    w.float32((size - allOf(sizeOfFloat32(3), sizeOfFloat32(10))) / 4);
    expect(() => w.float32(1)).toThrow(WorkspaceError);
  });
  work.dispose();
});

test("a scope gives back what it took, also when it throws", () => {
  const work = new Workspace(engine, sizeOfFloat64(10));
  expect(() =>
    work.scope((w) => {
      w.float64(10);
      throw new Error("inside");
    }),
  ).toThrow("inside");
  work.scope((w) => expect(w.float64(10).length).toBe(10));
  work.dispose();
});

test("blocks of a scope are apart and in the heap", () => {
  const work = new Workspace(engine, allOf(sizeOfFloat32(5), sizeOfFloat64(5)));
  work.scope((w) => {
    const a = w.float32(5).fill(1);
    const b = w.float64(5).fill(2);
    expect(engine.heap.owns(a) && engine.heap.owns(b)).toBe(true);
    expect(a.every((x) => x === 1)).toBe(true);
    expect(a.byteOffset + a.byteLength).toBeLessThanOrEqual(b.byteOffset);
  });
  work.dispose();
});

test("a warm scope makes no new views", () => {
  const work = new Workspace(engine, sizeOfFloat32(8));
  const take = () => work.scope((w) => w.float32(8));
  expect(take()).toBe(take());
  work.dispose();
});

test("disposing gives the memory back", () => {
  const used = engine.heap.usedBytes;
  new Workspace(engine, 1000).dispose();
  expect(engine.heap.usedBytes).toBe(used);
});

test("a routine that wants more scratch than the heap has says what helps, or that nothing does", () => {
  const small = zeros(9000, 3);
  expect(() => svd(small, { full: true })).toThrow(/useEngine\(createWasmEngine\({ bytes: 4 \* 2 \*\* 30 }\)\)/);
  expect(() => svd(zeros(20_000, 3), { full: true })).toThrow("no heap can have more than 4 GiB");
});
