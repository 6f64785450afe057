import { testContract } from "./contract.ts";

testContract("webgl", "webgpu");
