import {
  type Backend,
  deviceSizes,
  type LinalgMatrix,
  type LinalgSource,
  linalgBackend,
  linalgSizes,
  type PolarOptions,
  type Scratch,
} from "@sumo/core";
import { matrix } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs-core";
import type { PolarPlace, TfjsBackend } from "./tfjs-backend.ts";

type HostBackend = Backend<LinalgMatrix, tf.Tensor>;

/**
 * Backend of core for tfjs's cpu and wasm backends, whose tensors are in host memory: `@sumo/linalg` computes, on state of its own. A step reads the
 * gradient and the variable, and assigns the variable once, where tensor operations would cost small models more than their training.
 *
 * @param norms - Has the norms of gradients, which were measured before the step.
 */
export function hostBackend(place: PolarPlace, norms: Pick<TfjsBackend, "normOf">): HostBackend {
  const inner = linalgBackend() as Backend<LinalgMatrix, LinalgSource>;
  /** Variables by the handles of weights. */
  const variables = new WeakMap<LinalgMatrix, tf.Variable>();
  /** Gradients by their handles. */
  const gradients = new WeakMap<LinalgMatrix, tf.Tensor>();

  /** Runs a method whose first operand may be a weight: reads the variable before it, and assigns it afterwards. */
  const writing =
    <Rest extends readonly unknown[]>(method: (out: LinalgMatrix, ...rest: Rest) => void) =>
    (out: LinalgMatrix, ...rest: Rest): void => {
      const variable = variables.get(out);
      if (variable !== undefined) out.data.set(variable.dataSync<"float32">());
      method.call(inner, out, ...rest);
      if (variable !== undefined) assign(variable, out.data);
    };

  const own: Partial<HostBackend> = {
    name: `tfjs/${tf.getBackend()}`,
    sizes: {
      ...unpackedSizes,
      allocated: deviceSizes.allocated,
      ...(place === "device" && {
        polar: (rows, cols) => linalgSizes.newtonSchulz(rows, cols, { coefficients: "polar-express" }),
      }),
    },
    allocate: (rows, cols) => matrix(rows, cols, new Float32Array(rows * cols)) as LinalgMatrix,
    dispose: () => {},
    weight(source, rows, cols) {
      if (!(source instanceof tf.Variable) || source.dtype !== "float32" || source.size !== rows * cols)
        return undefined;
      const handle = matrix(rows, cols, new Float32Array(rows * cols)) as LinalgMatrix;
      variables.set(handle, source);
      return handle;
    },
    gradient(source, rows, cols) {
      if (source.dtype !== "float32" || source.size !== rows * cols) return undefined;
      const handle = matrix(rows, cols, source.dataSync<"float32">()) as LinalgMatrix;
      gradients.set(handle, source);
      return handle;
    },
    norm(a) {
      const gradient = gradients.get(a);
      return gradient === undefined ? inner.norm(a) : norms.normOf(gradient);
    },
    shapeOf: ({ shape }) => shape,
    read: (a) => variables.get(a)?.dataSync<"float32">().slice() ?? inner.read(a),
    write: writing(inner.write),
    axpby: writing(inner.axpby),
    matmul: writing(inner.matmul),
    shrinkAgreeing: writing(inner.shrinkAgreeing),
    adamw: writing(inner.adamw),
    polar(out, a, scratch: Scratch<LinalgMatrix>, options: PolarOptions) {
      if (place !== "device") return inner.polar(out, a, scratch, options);
      inner.newtonSchulz(out, a, scratch, { coefficients: "polar-express" });
      return {};
    },
  };
  const backend: HostBackend = Object.assign(Object.create(inner) as HostBackend, own);
  Object.assign(backend, ABSENT);
  return backend;
}

const { packed: _, ...unpackedSizes } = linalgSizes;
/** Methods that devices lack, so that an optimizer may move from one to the other. */
const ABSENT = { rowsOf: undefined, pack: undefined, unpack: undefined, elements: undefined };

function assign(variable: tf.Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values.slice(), variable.shape)));
}
