// The program of every place: trains a weight with SUMO, factors a matrix, and digests the bits of both. Its numbers come from functions that
// all machines round alike.
import { createOptimizer } from "@sumo/core";
import { currentEngine, fillNormal, matrix, svdvals } from "@sumo/linalg";

export function digest() {
  const [rows, cols] = [48, 32];
  const normal = (stream, Type) => {
    const numbers = new Type(rows * cols);
    fillNormal(numbers, [0, stream, 0]);
    return numbers;
  };
  const [w, target] = [normal(1, Float32Array), normal(2, Float32Array)];
  const options = { optimizer: "sumo", lr: 0.05, rank: 8, refresh: { every: 4 }, weightDecay: 0.01 };
  const optimizer = createOptimizer([{ name: "w", shape: [rows, cols], data: w }], options);
  for (let step = 0; step < 12; step++) optimizer.step({ w: w.map((x, i) => x - target[i]) });
  const values = svdvals(matrix(rows, cols, normal(3, Float64Array)));
  return `${currentEngine().name} ${fnv(w)} ${fnv(values)}`;
}

/** FNV-1a of the bytes. */
function fnv({ buffer, byteOffset, byteLength }) {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
