import { elementwiseCases } from "./elementwise.ts";
import { memoryCases } from "./memory.ts";
import { orthogonalizationCases } from "./orthogonalization.ts";
import { productCases } from "./products.ts";
import type { BackendSubject, ContractCase } from "./subject.ts";

/**
 * What `Backend` promises, clause by clause, against float64 computations that share nothing with any backend.
 *
 * @example
 * for (const { name, run } of backendContract) test(name, () => run(subject));
 */
export const backendContract: readonly ContractCase[] = [
  ...memoryCases,
  ...elementwiseCases,
  ...productCases,
  ...orthogonalizationCases,
];

/** Proves a backend in one call. @throws {AggregateError} with one error for every clause that it breaks. */
export function checkBackend<T, Source>(subject: BackendSubject<T, Source>): void {
  const errors: Error[] = [];
  for (const { name, run } of backendContract) {
    try {
      run(subject);
    } catch (cause) {
      errors.push(new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }));
    }
  }
  if (errors.length === 0) return;
  const summary = errors.map(({ message }) => message).join("\n");
  throw new AggregateError(errors, `${subject.backend.name} breaks ${errors.length} clauses:\n${summary}`);
}
