import { test } from "vitest";
import { availableModes } from "../src/index.ts";
import { describeBackend } from "./backend-suite.ts";
import { describeDecompositions } from "./decompositions-suite.ts";
import { describeExample } from "./example-suite.ts";
import { describeOperations } from "./operations-suite.ts";

if ((await availableModes()).includes("headlessgl")) {
  describeOperations("headlessgl", 20);
  describeDecompositions("headlessgl", 20);
  describeBackend("headlessgl");
  describeExample(["headlessgl"]);
} else {
  test.skip("headless GL: needs the package gl and a display (README, Modes)", () => {});
}
