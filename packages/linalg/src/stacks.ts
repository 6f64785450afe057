export type { Stacked } from "./stacks/over-stacks.ts";
export * from "./stacks/routines.ts";
export { Stack, stack } from "./stacks/stack.ts";
