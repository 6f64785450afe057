/** A binary heap: a queue that gives its entries in order. */
export class Heap<T> {
  private readonly entries: T[] = [];
  private readonly precedes: (a: T, b: T) => boolean;

  /** @param precedes - whether `a` comes out before `b`. */
  constructor(precedes: (a: T, b: T) => boolean) {
    this.precedes = precedes;
  }

  /** Adds an entry. Cost: O(log n). */
  push(entry: T): void {
    const { entries, precedes } = this;
    let at = entries.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!precedes(entry, entries[parent]!)) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  /** Removes the first entry; `undefined` if there is none. Cost: O(log n). */
  pop(): T | undefined {
    const { entries, precedes } = this;
    const first = entries[0];
    const last = entries.pop();
    if (entries.length === 0 || last === undefined) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && precedes(entries[child + 1]!, entries[child]!)) child++;
      if (!precedes(entries[child]!, last)) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = last;
    return first;
  }
}
