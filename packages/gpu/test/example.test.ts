import { describeExample } from "./example-suite.ts";

describeExample(["cpu", "webasm"]);
