import { createReferenceEngine, createWasmEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { linalgBackend } from "../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../backend/linalg-scratch.ts";
import type { LinalgSource } from "../backend/linalg-source.ts";
import { type BackendSubject, backendContract, checkBackend } from "./index.ts";

const subjectOf = (backend: Backend<LinalgMatrix, LinalgSource>): BackendSubject<LinalgMatrix, LinalgSource> => ({
  backend,
  source: (values) => values,
  values: (source) => source as Float32Array,
});

describe.each([createWasmEngine, createReferenceEngine])("linalg's backend", (create) => {
  const subject = subjectOf(linalgBackend(create({ bytes: 2 ** 24 })));
  test.each(backendContract.map(({ name, run }) => [`${subject.backend.name}: ${name}`, run] as const))(
    "%s",
    (_, run) => {
      run(subject);
    },
  );
});

/** Backends that break one clause each, which the suite must report. */
const sabotage: Readonly<
  Record<string, (good: Backend<LinalgMatrix, LinalgSource>) => Partial<Backend<LinalgMatrix, LinalgSource>>>
> = {
  "a matmul without beta": (good) => ({
    matmul: (out, a, b, options = {}) => good.matmul(out, a, b, { ...options, beta: 0 }),
  }),
  "a matmul that forgets transposeB": (good) => ({
    matmul: (out, a, b, { transposeB: _, ...options } = {}) =>
      a.shape[1] === b.shape[0]
        ? good.matmul(out, a, b, options)
        : good.matmul(out, a, b, { ...options, transposeB: true }),
  }),
  "an axpby that reads its output": (good) => ({
    axpby: (out, alpha, a, beta) => good.axpby(out, alpha, a, beta === 0 && a !== out ? 1e-30 : beta),
  }),
  "a norm in float32": (good) => ({
    norm: (a) => Math.fround(Math.sqrt(a.data.reduce((sum, x) => Math.fround(sum + Math.fround(x * x)), 0))),
    name: good.name,
  }),
  "a norm that skips NaN": (good) => ({ norm: (a) => good.norm(a) || 0 }),
  "a polar without a tolerance": (good) => ({
    polar: (out, a, scratch) => good.polar(out, a, scratch, { tolerance: 0 }),
  }),
  "a range finder that ignores its key": (good) => ({
    rangeFinder: (out, a, scratch, options) => good.rangeFinder(out, a, scratch, { ...options, key: [0, 0, 0] }),
  }),
  "a range finder that ignores its start": (good) => ({
    rangeFinder: (out, a, scratch, { start: _, ...options }) => good.rangeFinder(out, a, scratch, options),
  }),
  "weights that are copied": (good) => ({
    weight: (source, rows, cols) => good.weight(Float32Array.from(source as Float32Array), rows, cols),
  }),
  "sizes that are too small": (good) => ({ sizes: { ...good.sizes, polar: () => 64 } }),
  "an adamw without decay": (good) => ({
    adamw: (w, g, m, v, update) => good.adamw(w, g, m, v, { ...update, decay: 0 }),
  }),
};

test.each(Object.entries(sabotage))("the contract notices %s", (_, spoil) => {
  const good = linalgBackend(createReferenceEngine({ bytes: 2 ** 22 }));
  const bad = Object.assign(Object.create(good) as Backend<LinalgMatrix, LinalgSource>, spoil(good));
  expect(() => checkBackend(subjectOf(bad))).toThrow(AggregateError);
});

test.each<[string, Partial<Record<keyof Backend<LinalgMatrix>, unknown>>, RegExp]>([
  ["gives nothing for a weight", { weight: () => undefined }, /weight gave undefined for storage of 6 x 4 numbers/],
  ["gives text for a norm", { norm: () => "3" }, /norm gave "3", expected a number/],
  ["reads a list", { read: () => [1, 2] }, /read gave \[1,2\], expected a Float32Array/],
  ["gives no facts of a polar factor", { polar: () => {} }, /polar gave undefined, expected an object/],
  ["lacks a method", { scaleLines: undefined }, /scaleLines: expected a method, got undefined/],
  ["throws", { axpby: () => void (null as never as Float32Array).length }, /axpby threw TypeError/],
])("the contract says what a backend did that %s", (_, spoilt, message) => {
  const good = linalgBackend(createReferenceEngine({ bytes: 2 ** 22 }));
  const bad = Object.assign(Object.create(good) as Backend<LinalgMatrix, LinalgSource>, spoilt);
  expect(() => checkBackend(subjectOf(bad))).toThrow(message);
  expect(() => checkBackend(undefined as never)).toThrow(/subject/);
});

test("one call proves linalg's backend", () => {
  checkBackend(subjectOf(linalgBackend(createWasmEngine({ bytes: 2 ** 22 }))));
});
