/**
 * Times the factorizations of this package on its default engine, or on the native one with one thread, with workspaces and outputs made outside the timed body.
 *
 * Usage, after `pnpm run build`: node bench/factorizations.js [NAME] [--json] [--native]
 * NAME keeps the cases whose name contains it. Prints milliseconds of processor time, median and least of repeats, beside the target where one is set.
 */
import { cpus } from "node:os";
import {
  currentEngine,
  eigh,
  eighInto,
  eighWorkspace,
  fillNormal,
  matrix,
  newtonSchulzInto,
  newtonSchulzWorkspace,
  polarInto,
  polarWorkspace,
  qrInto,
  qrWorkspace,
  randomizedSvdInto,
  randomizedSvdWorkspace,
  svdInto,
  svdWorkspace,
  Workspace,
} from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";

const MIN_MS = 400;
const MIN_REPEATS = 7;
const BATCH_MS = 2;
const [wanted = ""] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
process.env.OPENBLAS_NUM_THREADS ??= "1";
const engine = process.argv.includes("--native") ? createNativeEngine() : currentEngine();

// Targets in ms: three times native LAPACK for svd and eigh, native for tall qr, four times for a narrow one, twice for randomizedSvd.
const cases = [
  ...[
    [32, 128],
    [32, 1024],
    [64, 256],
    [64, 1024],
    [128, 512],
    [128, 1024],
    [256, 1024],
    [16, 4096],
  ].map(([r, n]) => polarAgainstNewtonSchulz(r, n)),
  ...[64, 128, 256].map((n) => eighCase(n, "float64", { 256: 11.1 }[n])),
  ...[2, 5, 8, 16, 32, 64].flatMap((n) => ["tridiagonal", "jacobi", "jacobi, warm"].map((way) => eighByCase(n, way))),
  ...[
    [64, 64],
    [256, 256],
    [128, 1024],
  ].flatMap(([m, n]) => ["float32", "float64"].map((type) => svdCase(m, n, type, svdTarget(m, type)))),
  qrCase(4096, 128, "float64", 16),
  qrCase(4096, 128, "float32", 7),
  qrCase(1024, 16, "float32", 0.24),
  randomizedCase(1024, 1024, 16, 5.5),
  randomizedCase(1024, 1024, 128, 37),
  randomizedCase(4096, 1024, 16, 22),
  randomizedCase(4096, 1024, 128, 110),
];

const results = [];
for (const { name, target, prepare } of cases) {
  if (!name.includes(wanted)) continue;
  const { run, against, release } = prepare();
  const time = measure(run);
  const other = against === undefined ? undefined : measure(against);
  release();
  const ratio = other === undefined ? undefined : time.least / other.least;
  results.push({ name, ...time, target, ratio });
  if (!process.argv.includes("--json")) console.log(line(name, time, target, ratio));
}
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ cpu: cpus()[0]?.model, node: process.version, engine: engine.name, results }, null, 2));
}

function line(name, { median, least }, target, ratio) {
  const verdict = ratio !== undefined ? `${ratio.toFixed(2)} of five Newton-Schulz steps (target 0.60)` : goal(target);
  return `${name.padEnd(36)} ${median.toFixed(4).padStart(9)} ms   least ${least.toFixed(4).padStart(9)}   ${verdict}`;
}

function goal(target) {
  return target === undefined ? "" : `target ${target}`;
}

/** Milliseconds of processor time, which a busy machine disturbs less than the clock; short runs are timed in batches. */
function measure(run) {
  const busy = (count) => {
    const start = process.cpuUsage();
    for (let i = 0; i < count; i++) run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / count;
  };
  busy(3);
  const batch = Math.max(1, Math.ceil(BATCH_MS / busy(3)));
  const times = [];
  for (let spent = 0; spent < MIN_MS || times.length < MIN_REPEATS; spent += batch * times.at(-1))
    times.push(busy(batch));
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], least: times[0], repeats: times.length };
}

function array(type, length) {
  return type === "float32" ? engine.heap.float32(length) : engine.heap.float64(length);
}

function normal(m, n, type) {
  const data = array(type, m * n);
  fillNormal(data, [m, n, 0]);
  return matrix(m, n, data);
}

/** Holds what a case allocates, so that all of it is given back. */
function holder() {
  const held = [];
  const keep = (a) => {
    held.push(a);
    return a;
  };
  return {
    input: (m, n, type) => ({ ...keepMatrix(normal(m, n, type)) }),
    output: (m, n, type) => keepMatrix(matrix(m, n, array(type, m * n))),
    vector: (n, type) => keep(array(type, n)),
    work: (bytes) => {
      const work = new Workspace(engine, bytes);
      held.push(work);
      return work;
    },
    release: () => {
      for (const a of held) {
        if (a instanceof Workspace) a.dispose();
        else engine.heap.release(a);
      }
    },
  };
  function keepMatrix(a) {
    keep(a.data);
    return a;
  }
}

function polarAgainstNewtonSchulz(r, n) {
  return {
    name: `polar ${r} x ${n} float32`,
    prepare() {
      const { input, output, vector, work, release } = holder();
      const a = input(r, n, "float32");
      const u = output(r, n, "float32");
      const s = vector(r, "float64");
      const exact = work(polarWorkspace(r, n));
      const approximate = work(newtonSchulzWorkspace(r, n, "float32"));
      return {
        run: () => polarInto({ u, s }, a, exact),
        against: () => newtonSchulzInto(u, a, approximate, { coefficients: "muon" }),
        release,
      };
    },
  };
}

function eighCase(n, type, target) {
  return {
    name: `eigh ${n} ${type}`,
    target,
    prepare() {
      const { input, output, vector, work, release } = holder();
      const a = input(n, n, type);
      const out = { values: vector(n, type), vectors: output(n, n, type) };
      const scratch = work(eighWorkspace(n));
      return { run: () => eighInto(out, a, scratch), release };
    },
  };
}

/** One method; "warm": from the eigenvectors of a matrix that differs by a thousandth. */
function eighByCase(n, way) {
  return {
    name: `eigh ${n} float64 ${way}`,
    prepare() {
      const { input, output, vector, work, release } = holder();
      const a = input(n, n, "float64");
      const near = output(n, n, "float64");
      fillNormal(near.data, [n, 1, 0]);
      for (let i = 0; i < n * n; i++) near.data[i] = a.data[i] + 1e-3 * near.data[i];
      const out = { values: vector(n, "float64"), vectors: output(n, n, "float64") };
      const start = way.endsWith("warm") ? eigh(near).vectors : undefined;
      const options = start === undefined ? { method: way } : { start };
      const scratch = work(eighWorkspace(n, options));
      return { run: () => eighInto(out, a, scratch, options), release };
    },
  };
}

function svdTarget(m, type) {
  if (m !== 256) return undefined;
  return type === "float32" ? 12.9 : 22.5;
}

function svdCase(m, n, type, target) {
  return {
    name: `svd ${m} x ${n} ${type}`,
    target,
    prepare() {
      const { input, output, vector, work, release } = holder();
      const k = Math.min(m, n);
      const a = input(m, n, type);
      const out = { u: output(m, k, type), s: vector(k, type), vt: output(k, n, type) };
      const scratch = work(svdWorkspace(m, n));
      return { run: () => svdInto(out, a, scratch), release };
    },
  };
}

function qrCase(m, n, type, target) {
  return {
    name: `qr ${m} x ${n} ${type}`,
    target,
    prepare() {
      const { input, output, work, release } = holder();
      const a = input(m, n, type);
      const out = { q: output(m, n, type), r: output(n, n, type) };
      const scratch = work(qrWorkspace(m, n));
      return { run: () => qrInto(out, a, scratch), release };
    },
  };
}

function randomizedCase(m, n, rank, target) {
  return {
    name: `randomizedSvd ${m} x ${n} rank ${rank}`,
    target,
    prepare() {
      const { input, output, vector, work, release } = holder();
      const a = input(m, n, "float32");
      const out = {
        u: output(m, rank, "float32"),
        s: vector(rank, "float32"),
        vt: output(rank, n, "float32"),
      };
      const scratch = work(randomizedSvdWorkspace(m, n, rank, "float32"));
      return { run: () => randomizedSvdInto(out, a, scratch), release };
    },
  };
}
