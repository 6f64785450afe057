import type { Lines } from "@sumo/core";
import { appendKernel } from "../kernels/copy-kernels.ts";
import { transpose } from "../operations/move.ts";
import { columnNorms, rowNorms } from "../operations/reduce.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { ReadHook } from "../tensor/read-hook.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Largest tensor to which norms are appended: a copy of a larger one with extra rows might not fit. */
const MOST_ELEMENTS = 2 ** 24;

/** Norms of one tensor's lines, on the device. */
interface LineNorms {
  readonly of: GpuTensor;
  readonly lines: Lines;
  /** 1 × number of lines. */
  readonly norms: GpuTensor;
}

/** Announced norms: computed on the device, and downloaded with the next read-back of any tensor. */
class ExpectedNorms implements ReadHook {
  private readonly gpu: Gpu;
  private readonly pending = new Map<GpuTensor, Lines>();

  /** Installs the read hook of `gpu`. Use {@link expectedNormsOf}: a GPU has one hook. */
  constructor(gpu: Gpu) {
    gpu.readHook = this;
    this.gpu = gpu;
  }

  /** Announces reads of the norm of `a`, and of its lines' norms if `lines` is given, before the next write to it. */
  expect(a: GpuTensor, lines?: Lines): void {
    if (this.gpu.norms(a)[lines ?? "whole"] !== undefined || a.rows * a.cols === 0) return;
    this.pending.set(a, lines ?? this.pending.get(a) ?? "columns");
  }

  /** Cancels the announcements for `a`. */
  beforeWrite(a: GpuTensor): void {
    this.pending.delete(a);
  }

  /** Reads back all announced norms if that of `a` is one of them. */
  beforeNorm(a: GpuTensor): void {
    const lines = this.pending.get(a);
    if (lines === undefined) return;
    this.pending.delete(a);
    this.gpu.scope(() => {
      const { norms } = normsOf(a, lines);
      this.learn(a, lines, norms.read());
    });
  }

  /** Downloads `a`, with the announced norms appended as extra rows. */
  read(a: GpuTensor, download: (a: GpuTensor) => Float32Array): Float32Array {
    const elements = a.rows * a.cols;
    if (this.pending.size === 0 || elements === 0 || elements > MOST_ELEMENTS) return download(a);
    const announced = [...this.pending];
    this.pending.clear();
    return this.gpu.scope(() => {
      const all = announced.map(([of, lines]) => normsOf(of, lines));
      return this.unpack(a, all, download(this.sheet(a, all)));
    });
  }

  private sheet(a: GpuTensor, all: readonly LineNorms[]): GpuTensor {
    const { gpu } = this;
    const groups = Math.ceil(a.cols / gpu.groupSize);
    return all.reduce((sheet, { norms }) => {
      const count = Math.ceil(norms.cols / gpu.groupSize);
      const out = gpu.empty(sheet.rows + Math.ceil(count / groups), groups * gpu.groupSize);
      gpu.run(appendKernel, out, [sheet, norms], [sheet.rows, groups, count]);
      return out;
    }, a);
  }

  private unpack({ rows, cols }: GpuTensor, all: readonly LineNorms[], sheet: Float32Array): Float32Array {
    const width = Math.ceil(cols / this.gpu.groupSize) * this.gpu.groupSize;
    let at = rows * width;
    for (const { of, lines, norms } of all) {
      this.learn(of, lines, sheet.subarray(at, at + norms.cols));
      at += Math.ceil(norms.cols / width) * width;
    }
    if (width === cols) return sheet.slice(0, rows * cols);
    const values = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++) values.set(sheet.subarray(i * width, i * width + cols), i * cols);
    return values;
  }

  private learn(a: GpuTensor, lines: Lines, values: Float32Array): void {
    const norms = this.gpu.norms(a);
    norms[lines] = Float64Array.from(values);
    norms.whole = Math.sqrt(values.reduce((sum, norm) => sum + norm * norm, 0));
  }
}

/** Launches the kernel that computes the norms of lines. */
const normsOf = (a: GpuTensor, lines: Lines): LineNorms => ({
  of: a,
  lines,
  norms: lines === "rows" ? transpose(rowNorms(a)) : columnNorms(a),
});

/** The announced norms of a GPU, shared by all backends on it. */
export function expectedNormsOf(gpu: Gpu): ExpectedNorms {
  return gpu.readHook instanceof ExpectedNorms ? gpu.readHook : new ExpectedNorms(gpu);
}
