/**
 * Packs items into bins of equal capacity by best fit, the longest first: each goes into the fullest bin that has room for it, or into a new one.
 *
 * The result depends on order and lengths alone. Cost: at most `capacity` comparisons an item.
 *
 * @param lengths - of the items, whole numbers of at most `capacity`.
 * @returns the indices of each bin's items.
 * @see Johnson, Near-optimal bin packing algorithms (1973): at most 11/9 of the least number of bins, and 4 more.
 */
export function packItems(lengths: readonly number[], capacity: number): number[][] {
  const bins: number[][] = [];
  /** Bins by the room that is left in them. */
  const withRoom = Array.from({ length: capacity + 1 }, (): number[][] => []);
  const longestFirst = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]!);
  for (const item of longestFirst) {
    const length = lengths[item]!;
    let room = length;
    while (room < capacity && withRoom[room]!.length === 0) room++;
    let bin = withRoom[room]!.pop();
    if (bin === undefined) {
      bin = [];
      bins.push(bin);
    }
    bin.push(item);
    withRoom[room - length]!.push(bin);
  }
  return bins;
}
