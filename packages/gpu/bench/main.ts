import { availableModes } from "@sumo/gpu";
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { race, type Timing } from "./measure.ts";
import { productContenders } from "./products.ts";
import { stepContenders } from "./steps.ts";

/** `?sizes=256&modes=webgl2,webgl&steps=no` measures less. */
const asked = new URLSearchParams(location.search);
const sizes = (asked.get("sizes") ?? "256,512,1024").split(",").map(Number);
const wanted = (asked.get("modes") ?? "webgl2,webgl,webgpu").split(",");

interface Results {
  readonly device: string;
  readonly browser: string;
  readonly date: string;
  readonly timings: readonly Timing[];
}

async function measure(): Promise<Results> {
  await tf.ready();
  const modes = (await availableModes()).filter((mode) => wanted.includes(mode));
  const backends = ["webgl", ...(modes.includes("webgpu") ? ["webgpu"] : [])];
  const timings: Timing[] = [];
  const add = (more: Timing[]): void => {
    timings.push(...more);
    show(more);
  };
  for (const n of sizes) add(await race(`product, n = ${n}`, await productContenders(n, modes, backends)));
  if (asked.get("steps") === "no") return finish(timings);
  for (const residual of ["off", "fira"] as const) {
    const options = { optimizer: "sumo", lr: 1e-3, rank: 32, refresh: { every: 1e6 }, residual } as const;
    add(await race(`SUMO step, 1024 x 1024, rank 32, residual ${residual}`, await stepContenders(options, modes)));
  }
  add(await race("AdamW step, 1024 x 1024", await stepContenders({ optimizer: "adamw", lr: 1e-3 }, modes)));
  return finish(timings);
}

const finish = (timings: readonly Timing[]): Results => ({
  device: deviceName(),
  browser: navigator.userAgent,
  date: new Date().toISOString(),
  timings,
});

function deviceName(): string {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  return info ? String(gl!.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "unknown";
}

function show(timings: readonly Timing[]): void {
  const table = document.createElement("table");
  table.createCaption().textContent = timings[0]!.case;
  for (const { contender, leastMs, medianMs } of timings) {
    const row = table.insertRow();
    for (const text of [contender, leastMs.toFixed(1), `median ${medianMs.toFixed(1)}`]) {
      row.insertCell().textContent = text;
    }
  }
  document.querySelector("#tables")!.append(table);
}

async function run(): Promise<Results> {
  document.querySelector("#device")!.textContent = deviceName();
  const results = await measure();
  const text = JSON.stringify(results, undefined, 2);
  document.querySelector<HTMLTextAreaElement>("#results")!.value = text;
  const copy = document.querySelector<HTMLButtonElement>("#copy")!;
  copy.disabled = false;
  copy.onclick = () => void navigator.clipboard.writeText(text);
  return results;
}

const button = document.querySelector<HTMLButtonElement>("#run")!;
button.onclick = () => {
  button.disabled = true;
  // What bench/run.js waits for.
  Object.assign(globalThis, { results: run() });
};
