import { beforeAll, describe } from "vitest";
import { NODE_BACKENDS, useBackend } from "./backend.ts";
import { testContract } from "./contract.ts";

describe.each(NODE_BACKENDS)("core's contract on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  testContract("synchronously");
});

describe("core's contract on cpu, read asynchronously", () => {
  beforeAll(() => useBackend("cpu"));
  testContract("asynchronously");
});

describe.each(NODE_BACKENDS)("core's contract for optimizers on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  testContract("on the host");
});
