import type { FinalLoss } from "@sumo/training";

/** Formats the final validation loss as a sentence. */
export function formatFinalLoss({ validation, tokens, natsPerByte, perplexityPerByte }: FinalLoss): string {
  const perByte = `${natsPerByte.toFixed(4)} nats per byte (perplexity ${perplexityPerByte.toFixed(3)})`;
  const perToken = validation === natsPerByte ? "" : `, ${validation.toFixed(4)} nats per token`;
  return `${perByte}${perToken} on ${formatCount(tokens)} held-out tokens`;
}

/** Formats an integer with thousands separators: `1,234,567`. */
export function formatCount(n: number): string {
  return n.toLocaleString("en-US");
}

/** Formats seconds as `m:ss`. */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
