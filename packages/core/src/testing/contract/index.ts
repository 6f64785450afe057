import { OptimizerOptionError } from "../../errors.ts";
import { checked } from "./checked.ts";
import { elementwiseCases } from "./elementwise.ts";
import { memoryCases } from "./memory.ts";
import { orthogonalizationCases } from "./orthogonalization.ts";
import { productCases } from "./products.ts";
import type { BackendSubject, ContractCase } from "./subject.ts";

/**
 * Contract of `Backend`, one case a clause, tested against independent float64 computations.
 *
 * @example
 * for (const { name, run } of backendContract) test(name, () => run(subject));
 */
export const backendContract: readonly ContractCase[] = [
  ...memoryCases,
  ...elementwiseCases,
  ...productCases,
  ...orthogonalizationCases,
].map(({ name, run }) => ({ name, run: (subject) => run({ ...subject, backend: checked(subject.backend) }) }));

/** Tests a backend against the contract. @throws {AggregateError} with one error for every clause that it breaks. */
export function checkBackend<T, Source>(subject: BackendSubject<T, Source>): void {
  if (typeof subject !== "object" || subject === null || typeof subject.backend !== "object") {
    throw new OptimizerOptionError("subject", "{ backend, source, values }", subject);
  }
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
