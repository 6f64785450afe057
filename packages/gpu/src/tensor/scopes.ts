import { GpuTensor } from "./tensor.ts";

/** Stack of a GPU's open scopes, each with the tensors that it owns. */
export class Scopes {
  private readonly open: Set<GpuTensor>[] = [];

  /** Adds a new tensor to the innermost scope. */
  add(tensor: GpuTensor): void {
    this.open.at(-1)?.add(tensor);
  }

  /** Removes a tensor from all scopes. */
  remove(tensor: GpuTensor): void {
    for (const made of this.open) made.delete(tensor);
  }

  /** Runs `body`, and disposes of the tensors created in it; those that it returns pass to the enclosing scope. */
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
