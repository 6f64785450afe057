import { availableModes, createGpu, type GpuMode } from "@sumo/gpu";
import { trainNetwork } from "../../examples/train-network.ts";

/** First and last loss by mode, or the error's code. */
export type Outcome = Partial<Record<GpuMode, readonly number[] | string>>;

export async function trainEverywhere(): Promise<Outcome> {
  const outcome: Outcome = { cpu: await createGpu({ mode: "cpu" }).then(() => "runs", codeOf) };
  for (const mode of await availableModes()) {
    if (mode === "cpu" || mode === "webasm") continue;
    const gpu = await createGpu({ mode });
    const losses = trainNetwork(gpu, 20);
    outcome[mode] = [losses[0]!, losses.at(-1)!];
    gpu.dispose();
  }
  return outcome;
}

const codeOf = (error: unknown): string => String((error as { code?: string }).code);
