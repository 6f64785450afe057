/** R's LAPACK routines, compiled to WebAssembly, in float64. R measures the times, in whole milliseconds, without the messages to its worker. */
const routines = {
  svd: "x <- La.svd(a); x <- list(u = x$u, s = x$d, vt = x$vt)",
  eigh: "x <- eigen(a, symmetric = TRUE)",
  // R has the QR of LAPACK with column pivoting only.
  qr: "f <- qr(a, LAPACK = TRUE); x <- list(q = qr.Q(f), r = qr.R(f), pivot = f$pivot)",
};

export async function load() {
  const WebR = await importWebR();
  if (WebR === undefined) return [];
  const webR = new WebR({ interactive: false });
  await webR.init();
  const read = async (code) => (await webR.evalR(`as.double(${code})`)).toTypedArray();
  const results = {
    svd: async () => ({ u: await read("t(x$u)"), s: await read("x$s"), vt: await read("t(x$vt)") }),
    eigh: async () => ({ values: await read("x$values"), vectors: await read("t(x$vectors)") }),
    qr: async () => ({ q: await read("t(x$q)"), r: await read("t(x$r[, order(x$pivot)])") }),
  };
  const routine = (name) => async (task, a) => {
    if (task.dtype !== "float64") return undefined;
    await webR.objs.globalEnv.bind("a", await new webR.RDouble(Array.from(a.data)));
    await webR.evalRVoid(`a <- matrix(a, ${a.rows}, byrow = TRUE)`);
    return {
      time: (calls) =>
        webR.evalRNumber(`{
          start <- Sys.time()
          for (call in 1:${calls}) { ${routines[name]} }
          1000 * as.numeric(Sys.time() - start, units = "secs")
        }`),
      result: results[name],
    };
  };
  return [
    {
      name: "webR",
      ...Object.fromEntries(Object.keys(routines).map((name) => [name, routine(name)])),
      dispose: () => webR.close(),
    },
  ];
}

/** Imports webR, which is not installed by default: with its dependencies it has 170 MB. */
async function importWebR() {
  try {
    return (await import("webr")).WebR;
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.log("webR is left out: pnpm --filter @sumo/bench add webr@0.6.0");
    return undefined;
  }
}
