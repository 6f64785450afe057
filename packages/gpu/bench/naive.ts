import type { Contender } from "./measure.ts";

type Kernel = (...args: unknown[]) => { delete(): void; toArray(): unknown };
interface Library {
  readonly GPU: new (settings: {
    mode: string;
  }) => {
    createKernel(source: string, settings: object): Kernel;
    destroy(): Promise<void>;
  };
}

/** The product as gpu.js's own documentation writes it: one element a thread, scalar textures. */
export async function naiveProduct(n: number, a: Float32Array, b: Float32Array): Promise<Contender> {
  const { GPU } = ((await import("gpu.js")) as unknown as { default: Library }).default;
  const gpu = new GPU({ mode: "webgl2" });
  const settings = { precision: "single", pipeline: true, output: [n, n] };
  const rows = (values: Float32Array): Float32Array[] =>
    Array.from({ length: n }, (_, i) => values.subarray(i * n, (i + 1) * n));
  const upload = gpu.createKernel("function (a) { return a[this.thread.y][this.thread.x]; }", {
    ...settings,
    immutable: true,
  });
  const [x, y] = [upload(rows(a)), upload(rows(b))];
  const multiply = gpu.createKernel(
    `function (a, b) {
      let sum = 0;
      for (let i = 0; i < this.constants.n; i++) { sum += a[this.thread.y][i] * b[i][this.thread.x]; }
      return sum;
    }`,
    { ...settings, constants: { n } },
  );
  const corner = gpu.createKernel("function (a) { return a[0][0]; }", { ...settings, output: [1], pipeline: false });
  return {
    name: "gpu.js naive, webgl2",
    job: () => void corner(multiply(x, y)),
    dispose: () => gpu.destroy(),
  };
}
