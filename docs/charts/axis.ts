/** Scale from values to per cent of a chart's width. */
export interface Axis {
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  place(value: number): number;
}

/** Creates an axis for all values. Ticks are round numbers; on a logarithmic axis powers of ten, with 2 and 5 if these are few. */
export function axisOf(values: readonly number[], logarithmic = false): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return logarithmic ? logarithmicAxis(least, most) : linearAxis(least, most);
}

function logarithmicAxis(least: number, most: number): Axis {
  const [from, to] = [Math.log10(least) - 0.1, Math.log10(most) + 0.1];
  const digits = to - from < 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let exponent = Math.floor(from); exponent <= to; exponent++) {
    ticks.push(...digits.map((digit) => Number(`${digit}e${exponent}`)));
  }
  const inside = ticks.filter((value) => value >= 10 ** from && value <= 10 ** to);
  return {
    ticks: inside.map((value) => ({ value, label: value.toLocaleString("en", { maximumFractionDigits: 12 }) })),
    place: (value) => (100 * (Math.log10(value) - from)) / (to - from),
  };
}

function linearAxis(least: number, most: number): Axis {
  const margin = (most - least || Math.abs(most) || 1) / 20;
  const [from, to] = [least - margin, most + margin];
  const raw = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw)!;
  const ticks: number[] = [];
  for (let k = Math.ceil(from / step); k * step <= to; k++) ticks.push(k * step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  return {
    ticks: ticks.map((value) => ({ value, label: value.toFixed(decimals) })),
    place: (value) => (100 * (value - from)) / (to - from),
  };
}
