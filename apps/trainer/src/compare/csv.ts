import type { Trial } from "./trial.ts";

/** Formats the logs of trials as comma-separated values with a header; cells are empty where nothing was measured. */
export function trialsCsv(trials: readonly Trial[]): string {
  const heading = "optimizer,lr,seed,step,seconds,loss,validation,final_nats_per_byte,tokens_per_second";
  const rows = trials.flatMap(({ label, lr, seed, lines }) =>
    lines.map(({ step, seconds, loss, validation, final, tokensPerSecond }) =>
      [label, lr, seed, step, seconds, loss, validation, final?.natsPerByte, tokensPerSecond]
        .map((cell) => cell ?? "")
        .join(","),
    ),
  );
  return `${[heading, ...rows].join("\n")}\n`;
}
