import type { Backend, Scratch } from "../../backend/backend.ts";
import { combined, flat, frobenius, type Rows, unflat } from "../dense.ts";

/** A backend under test, with functions that fill and read its users' storage. */
export interface BackendSubject<T, Source> {
  readonly backend: Backend<T, Source>;
  /** Storage of `rows × cols` that holds `values`, row-major. */
  source(values: Float32Array, rows: number, cols: number): Source;
  /** The storage's current values, row-major. */
  values(source: Source): Float32Array;
}

/** One clause of the contract. `run` throws if it is broken. */
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

  /** A handle filled with NaN, to detect whether its contents are read. */
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

/** Creates a case that uses handles alone. */
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

/** Compares matrices. @throws if they differ by more than `tolerance` in Frobenius norm, or one is not finite. */
export function expectClose(what: string, got: Rows, want: Rows, tolerance: number): void {
  const distance = frobenius(combined(1, got, -1, want));
  expectThat(distance <= tolerance, `${what}: off by ${distance}, allowed ${tolerance}`);
}

export function expectThat(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
