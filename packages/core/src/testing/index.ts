/**
 * Checks of a backend against the contract, and small tasks to train on.
 *
 * @module
 */

export { backendContract, checkBackend } from "./contract/index.ts";
export type { BackendSubject, ContractCase } from "./contract/subject.ts";
export { type ConvergenceRow, type ConvergenceTask, convergenceTasks, excessLeft } from "./convergence.ts";
