using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "edge.js", esModule = embed "edge.js"),
    (name = "@sumo/linalg/kernels.wasm", wasm = embed "node_modules/@sumo/linalg/dist/kernels.wasm"),
    (name = "@sumo/llama/kernels.wasm", wasm = embed "node_modules/@sumo/llama/dist/kernels.wasm"),
  ],
  compatibilityDate = "2025-11-01",
);
