import { testContract } from "./contract.ts";

testContract("cpu", "wasm");
