import type { Lines } from "@sumo/core";
import type { Gpu } from "./gpu.ts";
import { appendKernel } from "./kernels/move.ts";
import { transpose } from "./move.ts";
import { columnNorms, rowNorms } from "./reduce.ts";
import type { GpuTensor } from "./tensor.ts";

/** What is known of a tensor's Frobenius norm, and of the norms of its rows and columns, without asking the device. */
export interface Norms {
  whole?: number;
  rows?: Float64Array;
  columns?: Float64Array;
}

interface Expected {
  readonly lines: Lines;
  /** 1 × their number. */
  readonly norms: GpuTensor;
}

/** A read of more elements carries nothing: its copy might not fit. */
const MOST_ELEMENTS = 2 ** 24;

/** Norms that somebody will ask for: computed on the device when they are announced, and carried along with the next read of anything. */
export class ExpectedNorms {
  private readonly gpu: Gpu;
  private readonly waiting = new Map<GpuTensor, Expected>();

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** Announces that the norm of `a`, and those of its lines if they are given, will be asked for before it is written to. */
  expect(a: GpuTensor, lines?: Lines): void {
    const { gpu } = this;
    if (gpu.norms(a)[lines ?? "whole"] !== undefined || a.rows * a.cols === 0) return;
    const expected = this.waiting.get(a);
    if (expected !== undefined && expected.lines === (lines ?? expected.lines)) return;
    this.forget(a);
    const norms = gpu.scope(() => (lines === "rows" ? transpose(rowNorms(a)) : columnNorms(a)));
    this.waiting.set(a, { lines: lines ?? "columns", norms: gpu.keep(norms) });
  }

  /** `a` is written to, or disposed. */
  forget(a: GpuTensor): void {
    this.waiting.get(a)?.norms.dispose();
    this.waiting.delete(a);
  }

  /** Learns the norm of `a`, if it was announced, and with it whatever else was. */
  fetch(a: GpuTensor): void {
    const expected = this.waiting.get(a);
    if (expected === undefined) return;
    this.waiting.delete(a);
    try {
      this.learn(a, expected, expected.norms.read());
    } finally {
      expected.norms.dispose();
    }
  }

  /** The elements of `a`; what is waiting for comes with them, below the last row of a sheet that is as wide. */
  read(a: GpuTensor, download: (a: GpuTensor) => Float32Array): Float32Array {
    const elements = a.rows * a.cols;
    if (this.waiting.size === 0 || elements === 0 || elements > MOST_ELEMENTS) return download(a);
    const waiting = [...this.waiting];
    this.waiting.clear();
    try {
      return this.gpu.scope(() => this.unpack(a, waiting, download(this.sheet(a, waiting))));
    } finally {
      for (const [, { norms }] of waiting) norms.dispose();
    }
  }

  private sheet(a: GpuTensor, waiting: readonly (readonly [GpuTensor, Expected])[]): GpuTensor {
    const { gpu } = this;
    const groups = Math.ceil(a.cols / gpu.groupSize);
    return waiting.reduce((sheet, [, { norms }]) => {
      const count = Math.ceil(norms.cols / gpu.groupSize);
      const out = gpu.empty(sheet.rows + Math.ceil(count / groups), groups * gpu.groupSize);
      gpu.run(appendKernel, out, [sheet, norms], [sheet.rows, groups, count]);
      return out;
    }, a);
  }

  private unpack(
    { rows, cols }: GpuTensor,
    waiting: readonly (readonly [GpuTensor, Expected])[],
    sheet: Float32Array,
  ): Float32Array {
    const width = Math.ceil(cols / this.gpu.groupSize) * this.gpu.groupSize;
    let at = rows * width;
    for (const [a, expected] of waiting) {
      const count = expected.norms.cols;
      this.learn(a, expected, sheet.subarray(at, at + count));
      at += Math.ceil(count / width) * width;
    }
    if (width === cols) return sheet.slice(0, rows * cols);
    const values = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++) values.set(sheet.subarray(i * width, i * width + cols), i * cols);
    return values;
  }

  private learn(a: GpuTensor, { lines }: Expected, values: Float32Array): void {
    const norms = this.gpu.norms(a);
    norms[lines] = Float64Array.from(values);
    norms.whole = Math.sqrt(values.reduce((sum, norm) => sum + norm * norm, 0));
  }
}
