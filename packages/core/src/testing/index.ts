export { backendContract, checkBackend } from "./contract/index.ts";
export type { BackendSubject, ContractCase } from "./contract/subject.ts";
