import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";

/** TensorFlow.js on one thread of WebAssembly: float32 only. A run includes reading the result. */
export async function load() {
  setThreadsCount(1);
  await tf.setBackend("wasm");
  return [
    {
      name: "tfjs-wasm",
      matmul({ dtype, transposeA, transposeB }, a, b) {
        if (dtype !== "float32") return undefined;
        const [left, right] = [wrap(a), wrap(b)];
        let out;
        return {
          run() {
            out?.dispose();
            out = tf.matMul(left, right, transposeA, transposeB);
          },
          result: () => out.dataSync(),
          dispose: () => tf.dispose([left, right, out]),
        };
      },
    },
  ];
}

const wrap = ({ rows, cols, data }) => tf.tensor2d(data, [rows, cols]);
