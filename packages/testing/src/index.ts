export { describeEngine } from "./engine-suite/index.ts";
