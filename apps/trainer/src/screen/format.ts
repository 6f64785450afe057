import type { FinalLoss } from "@sumo/training";

/** Formats the final validation loss as a sentence. */
export function formatFinalLoss({ validation, tokens, natsPerByte, perplexityPerByte }: FinalLoss): string {
  const perByte = `${natsPerByte.toFixed(4)} nats per byte (perplexity ${perplexityPerByte.toFixed(3)})`;
  const perToken =
    validation === natsPerByte
      ? ""
      : `, ${validation.toFixed(4)} nats per token (perplexity ${formatPerplexity(validation)})`;
  return `${perByte}${perToken} on ${formatCount(tokens)} held-out tokens`;
}

/** Formats the perplexity of a loss in nats: `22.36`, `49,140`. */
export function formatPerplexity(loss: number): string {
  return Math.exp(loss).toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

/** Formats a share as a percentage: `87.5 %`. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
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

/** Formats a long time in its largest fitting unit: `20 seconds`, `39 minutes`, `5 hours`, `3 days`. */
export function formatDuration(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ["second", 1];
  const count = Math.max(1, Math.round(seconds / size));
  return `${formatCount(count)} ${unit}${count === 1 ? "" : "s"}`;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;
