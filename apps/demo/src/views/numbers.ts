const whole = new Intl.NumberFormat("en");
const loss = new Intl.NumberFormat("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 2 });

export const formatWhole = (value: number): string => whole.format(value);
export const formatLoss = (value: number): string => loss.format(value);
export const formatShare = (value: number): string => percent.format(value);
/** Formats a number with two digits, and K or M. */
export const formatShort = (value: number): string => short.format(value);

/** Formats bytes in whole kB, or in MB (powers of 1000). */
export function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${whole.format(Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
