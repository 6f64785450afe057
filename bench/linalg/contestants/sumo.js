import {
  choleskyInto,
  choleskyWorkspace,
  createThreadedEngine,
  createWasmEngine,
  det,
  detWorkspace,
  eighInto,
  eighWorkspace,
  eigInto,
  eigWorkspace,
  Heap,
  invInto,
  invWorkspace,
  lstsqInto,
  lstsqWorkspace,
  matmulInto,
  matrix,
  newtonSchulzInto,
  newtonSchulzWorkspace,
  polarInto,
  polarWorkspace,
  qrInto,
  qrWorkspace,
  randomizedSvdInto,
  randomizedSvdWorkspace,
  solveInto,
  solveWorkspace,
  svdInto,
  svdWorkspace,
  Workspace,
} from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";

const heap = new Heap({ bytes: 2 ** 29, shared: true });

/** This repository's package on each of its engines (the system's BLAS on one thread), with operands in the engine's heap. */
export async function load() {
  process.env.OPENBLAS_NUM_THREADS = "1";
  const wasm = createWasmEngine(heap);
  const native = createNativeEngine(heap);
  const threaded = createThreadedEngine({ heap, threads: 2 });
  while (threaded.idleWorkers < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  return [
    { name: "@sumo/linalg wasm", matmul: product(wasm), ...factorizations(wasm) },
    {
      name: "@sumo/linalg wasm, 2 threads",
      matmul: product(threaded),
      ...factorizations(threaded),
      dispose: () => threaded.dispose(),
    },
    { name: "@sumo/linalg native", matmul: product(native), ...factorizations(native) },
    { name: "Newton-Schulz, wasm", polar: newtonSchulz(wasm) },
  ];
}

const product =
  (engine) =>
  ({ dtype, m, n, transposeA, transposeB }, a, b) => {
    const work = new Workspace(engine, 0);
    const [left, right] = [inHeap(dtype, a), inHeap(dtype, b)];
    const out = matrix(m, n, heap[dtype](m * n));
    return {
      run: () => matmulInto(out, left, right, { transposeA, transposeB }, work),
      result: () => out.data.slice(),
      dispose() {
        work.dispose();
        for (const { data } of [left, right, out]) heap.release(data);
      },
    };
  };

function factorizations(engine) {
  return {
    svd: factorization(
      engine,
      svdInto,
      ({ m, n }) => svdWorkspace(m, n),
      ({ m, n }) => triplets(m, n, Math.min(m, n)),
    ),
    eigh: factorization(
      engine,
      eighInto,
      ({ n }) => eighWorkspace(n),
      ({ n }) => ({ values: [n], vectors: [n, n] }),
    ),
    svdvals: factorization(
      engine,
      svdInto,
      ({ m, n }) => svdWorkspace(m, n),
      ({ n }) => ({ s: [n] }),
    ),
    eig: factorization(
      engine,
      ({ re, im, vectorsRe, vectorsIm }, a, work) =>
        eigInto({ re, im, vectors: { re: vectorsRe, im: vectorsIm } }, a, work),
      ({ n }) => eigWorkspace(n),
      ({ n }) => ({ re: [n], im: [n], vectorsRe: [n, n], vectorsIm: [n, n] }),
    ),
    cholesky: factorization(
      engine,
      ({ l }, a, work) => choleskyInto(l, a, work),
      ({ n }) => choleskyWorkspace(n),
      ({ n }) => ({ l: [n, n] }),
    ),
    inv: factorization(
      engine,
      ({ x }, a, work) => invInto(x, a, work),
      ({ n }) => invWorkspace(n),
      ({ n }) => ({ x: [n, n] }),
    ),
    det: factorization(
      engine,
      (out, a, work) => {
        out.det[0] = det(a, work);
      },
      ({ n }) => detWorkspace(n),
      () => ({ det: [1] }),
    ),
    solve: factorization(
      engine,
      ({ x }, a, work, b) => solveInto(x, a, b, work),
      ({ n }) => solveWorkspace(n, 1),
      ({ n }) => ({ x: [n, 1] }),
    ),
    lstsq: factorization(
      engine,
      ({ x }, a, work, b) => lstsqInto({ x }, a, b, work),
      ({ m, n }) => lstsqWorkspace(m, n, 1),
      ({ n }) => ({ x: [n, 1] }),
    ),
    qr: factorization(
      engine,
      qrInto,
      ({ m, n }) => qrWorkspace(m, n),
      ({ m, n }) => ({ q: [m, n], r: [n, n] }),
    ),
    polar: factorization(
      engine,
      polarInto,
      ({ m, n, dtype }) => polarWorkspace(m, n, dtype),
      ({ m, n }) => ({ u: [m, n] }),
    ),
    randomizedSvd: factorization(
      engine,
      randomizedSvdInto,
      ({ m, n, rank, dtype }) => randomizedSvdWorkspace(m, n, rank, dtype),
      ({ m, n, rank }) => triplets(m, n, rank),
    ),
  };
}

/** Muon's five Newton–Schulz steps, for comparison with the exact polar factor. */
const newtonSchulz = (engine) =>
  factorization(
    engine,
    ({ u }, a, work) => newtonSchulzInto(u, a, work, { coefficients: "muon" }),
    ({ m, n, dtype }) => newtonSchulzWorkspace(m, n, dtype),
    ({ m, n }) => ({ u: [m, n] }),
  );

const triplets = (m, n, k) => ({ u: [m, k], s: [k], vt: [k, n] });

/** Runs `into` with preallocated scratch and results of the given shapes. */
function factorization(engine, into, workspace, shapes) {
  return (task, ...given) => {
    const work = new Workspace(engine, workspace(task));
    const [operand, ...more] = given.map((x) => inHeap(task.dtype, x));
    const arrays = Object.entries(shapes(task)).map(([name, [m, n]]) => ({
      name,
      m,
      n,
      data: heap[task.dtype](m * (n ?? 1)),
    }));
    const out = Object.fromEntries(
      arrays.map(({ name, m, n, data }) => [name, n === undefined ? data : matrix(m, n, data)]),
    );
    return {
      run: () => into(out, operand, work, ...more),
      result: () => Object.fromEntries(arrays.map(({ name, data }) => [name, data.slice()])),
      dispose() {
        work.dispose();
        for (const { data } of [operand, ...more, ...arrays]) heap.release(data);
      },
    };
  };
}

function inHeap(dtype, { rows, cols, data }) {
  const copy = heap[dtype](rows * cols);
  copy.set(data);
  return matrix(rows, cols, copy);
}
