import { describeOperations } from "./operations-suite.ts";

describeOperations("cpu", 20);
describeOperations("webasm", 20);
