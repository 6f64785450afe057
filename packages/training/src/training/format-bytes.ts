/** Formats bytes in kB, MB or GB, powers of 1000. */
export function formatBytes(bytes: number): string {
  const [size, unit] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / size).toFixed(bytes < 1e6 ? 1 : 2)} ${unit}`;
}
