export { describeEngine } from "./engine-suite/index.ts";
export { type Strided, type StridedOptions, strided } from "./strided.ts";
