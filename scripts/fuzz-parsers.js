// Parses mutated files of every kind that a user brings, and fails at the first that ends in another error than a typed one, does not end, or takes more
// memory than its size justifies. After `turbo run build`:
//
//   node scripts/fuzz-parsers.js [FILES [KIND]]     of all kinds together, 100,000 by default
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Milliseconds without a file begun after which a parser counts as hanging. */
const HANGS = 20_000;

const { fuzz, NAMES } = await import("../apps/trainer/test/fuzz/fuzz.js");
if (isMainThread) await all();
else {
  const { name, count, progress } = workerData;
  const refused = fuzz(name, count, 0, (i) => Atomics.store(progress, 0, i));
  console.log(`${name}: ${count} files, ${refused} refused, the others read`);
}

async function all() {
  const [files = "100000", kind] = process.argv.slice(2);
  const names = NAMES.filter((name) => kind === undefined || name === kind);
  for (const name of names) await watched(name, Math.ceil(Number(files) / names.length));
}

/** Fuzzes a parser in a thread, which is ended if it hangs. */
function watched(name, count) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { name, count, progress } });
  let last = -1;
  const watch = setInterval(() => {
    const now = Atomics.load(progress, 0);
    if (now === last) {
      console.error(`${name}, file ${now}: hangs`);
      process.exit(1);
    }
    last = now;
  }, HANGS);
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", resolve);
  }).finally(() => clearInterval(watch));
}
