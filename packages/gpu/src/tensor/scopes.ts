import { GpuTensor } from "./tensor.ts";

/** The open scopes of a GPU, and the tensors that each will dispose. */
export class Scopes {
  private readonly open: Set<GpuTensor>[] = [];

  /** Gives a new tensor to the innermost scope. */
  add(tensor: GpuTensor): void {
    this.open.at(-1)?.add(tensor);
  }

  /** Takes a tensor out of all scopes. */
  remove(tensor: GpuTensor): void {
    for (const made of this.open) made.delete(tensor);
  }

  /** Runs `body`; what was made in it and is not returned is disposed, what is returned goes to the enclosing scope. */
  run<R>(body: () => R): R {
    const made = new Set<GpuTensor>();
    this.open.push(made);
    let kept: readonly GpuTensor[] = [];
    try {
      const result = body();
      kept = tensorsIn(result).filter((tensor) => made.delete(tensor));
      return result;
    } finally {
      this.open.pop();
      for (const tensor of made) tensor.dispose();
      for (const tensor of kept) this.add(tensor);
    }
  }
}

function tensorsIn(value: unknown): GpuTensor[] {
  if (value instanceof GpuTensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value).flatMap(tensorsIn);
  }
  return [];
}
