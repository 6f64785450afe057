import { createReferenceEngine, createWasmEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { type LinalgSource, linalgBackend } from "../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../backend/linalg-scratch.ts";
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

test("one call proves linalg's backend", () => {
  checkBackend(subjectOf(linalgBackend(createWasmEngine({ bytes: 2 ** 22 }))));
});
