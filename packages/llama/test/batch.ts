import { fillUniform } from "@sumo/linalg";

/** Random tokens and targets. */
export function randomBatch(
  rows: number,
  vocabSize: number,
  seed: number,
): { tokens: Int32Array; targets: Int32Array } {
  const draw = (stream: number): Int32Array => {
    const numbers = new Float64Array(rows);
    fillUniform(numbers, [seed, stream, 0]);
    return Int32Array.from(numbers, (x) => Math.floor(x * vocabSize));
  };
  return { tokens: draw(1), targets: draw(2) };
}
