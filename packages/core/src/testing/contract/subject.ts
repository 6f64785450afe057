import type { Backend, Scratch } from "../../backend/backend.ts";
import { combined, flat, frobenius, type Rows, unflat } from "../dense.ts";

/** A backend to be proved, and how its user's storage is filled and read. */
export interface BackendSubject<T, Source> {
  readonly backend: Backend<T, Source>;
  /** Storage of `rows × cols` that holds `values`, row-major. */
  source(values: Float32Array, rows: number, cols: number): Source;
  /** What it holds now, row-major. */
  values(source: Source): Float32Array;
}

/** One clause of the contract. `run` throws what is wrong. */
export interface ContractCase {
  readonly name: string;
  run<T, Source>(subject: BackendSubject<T, Source>): void;
}

/** Handles for one case; all are disposed of at its end. */
export class Workbench<T> {
  readonly backend: Backend<T, never>;
  private readonly handles: T[] = [];

  constructor(backend: Backend<T, never>) {
    this.backend = backend;
  }

  put(rows: Rows): T {
    const handle = this.empty(rows.length, rows[0]!.length);
    this.backend.write(handle, flat(rows));
    return handle;
  }

  empty(rows: number, cols: number): T {
    const handle = this.backend.allocate(rows, cols);
    this.handles.push(handle);
    return handle;
  }

  /** A handle full of NaN, to find out whether its contents are read. */
  garbage(rows: number, cols: number): T {
    const handle = this.empty(rows, cols);
    this.backend.write(handle, new Float32Array(rows * cols).fill(Number.NaN));
    return handle;
  }

  get(handle: T, rows: number, cols: number): Rows {
    return unflat(rows, cols, this.backend.read(handle));
  }

  dispose(): void {
    for (const handle of this.handles) this.backend.dispose(handle);
  }
}

/** A case that works with handles alone. */
export function handleCase(name: string, body: <T>(bench: Workbench<T>) => void): ContractCase {
  return {
    name,
    run({ backend }) {
      const bench = new Workbench(backend);
      try {
        body(bench);
      } finally {
        bench.dispose();
      }
    },
  };
}

/** Runs `body` with scratch of exactly `bytes`. */
export function withScratch<T, R>(backend: Backend<T, never>, bytes: number, body: (scratch: Scratch<T>) => R): R {
  const scratch = backend.scratch(bytes);
  try {
    return body(scratch);
  } finally {
    scratch.dispose();
  }
}

/** @throws if the matrices differ by more than `tolerance` in Frobenius norm, or one is not finite. */
export function expectClose(what: string, got: Rows, want: Rows, tolerance: number): void {
  const distance = frobenius(combined(1, got, -1, want));
  expectThat(distance <= tolerance, `${what}: off by ${distance}, allowed ${tolerance}`);
}

export function expectThat(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
