/** Loaders of the modules that a program may import. */
export const modules: Readonly<Record<string, () => Promise<object>>> = {
  "@sumo/linalg": () => import("@sumo/linalg"),
  "@sumo/core": () => import("@sumo/core"),
  "@sumo/core/testing": () => import("@sumo/core/testing"),
  "@sumo/llama": () => import("@sumo/llama"),
  "@sumo/tfjs": () => import("@sumo/tfjs"),
  "@sumo/jax": () => import("@sumo/jax"),
  "@sumo/gpu": () => import("@sumo/gpu"),
  "@sumo/gpu/backend": () => import("@sumo/gpu/backend"),
  "@tensorflow/tfjs": () => import("@tensorflow/tfjs"),
  "@jax-js/jax": () => import("@jax-js/jax"),
  "ml-matrix": () => import("ml-matrix"),
  ndarray: () => import("ndarray"),
};
