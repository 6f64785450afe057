import { type Example, readExamples } from "./read-examples.ts";

declare const data: readonly Example[];

export { data };

export default { watch: ["*.js", "output/*.txt"], load: readExamples };
