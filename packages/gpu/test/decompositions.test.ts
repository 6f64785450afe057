import { describeDecompositions } from "./decompositions-suite.ts";

describeDecompositions("cpu", 20);
describeDecompositions("webasm", 20);
