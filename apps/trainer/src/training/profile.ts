import { type Profiler, Session } from "node:inspector/promises";

/** Microseconds between two samples: a run of hours has some millions. */
const INTERVAL = 5000;

/** Function of the trainer that makes a step, and those with which the optimizer's part of it begins: at once, or, of several ranks, once sums have come. */
const STEP = "trainStep";
const OPTIMIZER: ReadonlySet<string> = new Set(["stepParameterStart", "makeStarted", "update"]);

/** Frames that have no name of use, of which the function that called them is named: of WebAssembly, anonymous ones, and the scopes of scratch. */
const UNNAMED = /^(wasm-function\[.*|js-to-wasm.*|GenericJSToWasmWrapper|scope|)$/;

/** Functions of the barrier between threads, which count as one. */
const BARRIER = /^(wait|finish|arrive|sleep|nextGeneration)$/;

/** Where time went: in a kernel, or another function, of the model or the optimizer. */
export interface ProfileRow {
  readonly part: "model" | "optimizer";
  /** Name of the function: of JavaScript, or the kernel that it called. */
  readonly name: string;
  readonly seconds: number;
}

/** Starts to sample where the calling thread spends its time. Costs nothing before. Returns what ends it. */
export async function startProfile(): Promise<() => Promise<readonly ProfileRow[]>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    return rowsOf(profile);
  };
}

/** The time of training steps by function, the longest first. */
function rowsOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly ProfileRow[] {
  const times = new Map<number, number>();
  for (const [i, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + timeDeltas[i]! / 1e6);
  const rows = new Map<string, ProfileRow>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const visit = (id: number, within: { readonly part?: ProfileRow["part"]; readonly name: string }): void => {
    const { callFrame, children = [] } = byId.get(id)!;
    const { functionName } = callFrame;
    const part =
      functionName === STEP ? "model" : within.part && OPTIMIZER.has(functionName) ? "optimizer" : within.part;
    const named = BARRIER.test(functionName) ? "wait for threads" : functionName;
    const name = UNNAMED.test(named) ? within.name : named;
    const time = times.get(id) ?? 0;
    if (part !== undefined && time > 0) {
      const key = `${part} ${name}`;
      rows.set(key, { part, name, seconds: (rows.get(key)?.seconds ?? 0) + time });
    }
    for (const child of children) visit(child, { ...(part && { part }), name });
  };
  visit(nodes[0]!.id, { name: "" }); // the root comes first
  return [...rows.values()].sort((a, b) => b.seconds - a.seconds);
}
