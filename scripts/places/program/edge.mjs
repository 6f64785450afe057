import { createWasmEngine, useEngine } from "@sumo/linalg";
import kernels from "@sumo/linalg/kernels.wasm";
import { digest } from "./digest.mjs";

export default {
  fetch() {
    useEngine(createWasmEngine({ bytes: 2 ** 26 }, kernels));
    return new Response(digest());
  },
};
