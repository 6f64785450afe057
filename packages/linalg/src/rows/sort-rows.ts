/** Sorts n values descending, and the rows of packed matrices of n rows with them (selection: at most n exchanges of rows). */
export function sortRows(n: number, values: Float64Array, ...matrices: Float64Array[]): void {
  for (let i = 0; i < n; i++) {
    let most = i;
    for (let j = i + 1; j < n; j++) if (values[j]! > values[most]!) most = j;
    if (most === i) continue;
    const value = values[i]!;
    values[i] = values[most]!;
    values[most] = value;
    for (const x of matrices) swapRows(x, x.length / n, i, most);
  }
}

/** Exchanges rows i and j of a packed matrix of row length m. */
export function swapRows(x: Float64Array, m: number, i: number, j: number): void {
  for (let p = i * m, q = j * m, end = p + m; p < end; p++, q++) {
    const t = x[p]!;
    x[p] = x[q]!;
    x[q] = t;
  }
}
