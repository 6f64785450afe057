import { CollectiveAbortedError, RankGoneError } from "../errors.ts";

/** Bytes of a rank's slot. Longer arrays travel in several rounds. */
export const SLOT_BYTES = 65_536;

// Words of the group, of which one is unused so that slots are aligned, then those of each rank.
const SIZE = 0;
/** Counts every change that a waiting thread may wait for. */
const EVENTS = 1;
/** The rank that aborted, plus one, below its exit code in the upper half; 0 before. One word, so that both are of the same rank. */
const ABORTED = 2;
const FIRST_RANK = 4;
/** Barriers that the rank has reached, whether it is gone, and the four numbers of its call. */
const RANK_WORDS = 6;
const ARRIVALS = 0;
const GONE = 1;
const CALL = 2;

/** Four numbers that have to be equal on all ranks. */
export type CallWords = readonly [operation: number, type: number, length: number, detail: number];

/** The memory that the threads of a group share: a barrier, one call and one slot of data a rank. */
export class GroupMemory {
  readonly buffer: SharedArrayBuffer;
  readonly size: number;
  private readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.size = new Int32Array(buffer, 0, FIRST_RANK)[SIZE]!;
    this.words = new Int32Array(buffer, 0, wordsFor(this.size));
  }

  static create(size: number): GroupMemory {
    const buffer = new SharedArrayBuffer(bytesFor(size));
    new Int32Array(buffer)[SIZE] = size;
    return new GroupMemory(buffer);
  }

  /** The group in `buffer`, or `undefined` where `create` has made none. */
  static of(buffer: SharedArrayBuffer): GroupMemory | undefined {
    const size = buffer.byteLength < bytesFor(1) ? 0 : new Int32Array(buffer, 0, FIRST_RANK)[SIZE]!;
    return size > 0 && buffer.byteLength === bytesFor(size) ? new GroupMemory(buffer) : undefined;
  }

  /** Byte offset of a rank's slot. */
  slotOf(rank: number): number {
    return this.words.byteLength + rank * SLOT_BYTES;
  }

  writeCall(rank: number, call: CallWords): void {
    this.words.set(call, wordOf(rank, CALL));
  }

  callOf(rank: number): CallWords {
    const at = wordOf(rank, CALL);
    return Array.from(this.words.subarray(at, at + 4)) as unknown as CallWords;
  }

  /** Blocks until all ranks are here. @throws {RankGoneError} @throws {CollectiveAbortedError} */
  barrier(operation: string, rank: number): void {
    const { words, size } = this;
    const round = (Atomics.add(words, wordOf(rank, ARRIVALS), 1) + 1) | 0;
    this.announce();
    for (let other = 0; other < size; other++) this.awaitArrival(operation, other, round);
  }

  private awaitArrival(operation: string, other: number, round: number): void {
    const { words } = this;
    for (;;) {
      const events = Atomics.load(words, EVENTS);
      const aborted = Atomics.load(words, ABORTED);
      if (aborted !== 0) throw new CollectiveAbortedError(operation, (aborted & 0xffff) - 1, aborted >> 16);
      // Before the arrivals: a rank may arrive, and then leave.
      const gone = Atomics.load(words, wordOf(other, GONE)) !== 0;
      // A difference, because the counts wrap.
      if (((Atomics.load(words, wordOf(other, ARRIVALS)) - round) | 0) >= 0) return;
      if (gone) throw new RankGoneError(operation, other);
      Atomics.wait(words, EVENTS, events);
    }
  }

  leave(rank: number): void {
    Atomics.store(this.words, wordOf(rank, GONE), 1);
    this.announce();
  }

  /** Records an abort; the first one wins. */
  abort(rank: number, exitCode: number): void {
    Atomics.compareExchange(this.words, ABORTED, 0, ((exitCode & 0xff) << 16) | (rank + 1));
    this.announce();
  }

  private announce(): void {
    Atomics.add(this.words, EVENTS, 1);
    Atomics.notify(this.words, EVENTS);
  }
}

/** An even number, so that slots of float64 are aligned. */
const bytesFor = (size: number): number => wordsFor(size) * Int32Array.BYTES_PER_ELEMENT + size * SLOT_BYTES;
const wordsFor = (size: number): number => FIRST_RANK + size * RANK_WORDS;

const wordOf = (rank: number, word: number): number => FIRST_RANK + rank * RANK_WORDS + word;
