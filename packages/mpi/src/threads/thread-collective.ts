import { type Collective, type CollectiveArray, describe, type PendingReduction, type Reduction } from "@sumo/core";
import {
  checkBlocks,
  checkBroadcast,
  checkReduction,
  checkRootedReduction,
  ELEMENT_TYPES,
  type ElementType,
  elementTypeOf,
} from "../arguments.ts";
import { CollectiveAbortedError, CollectiveArgumentError, CollectiveMismatchError } from "../errors.ts";
import { type CallWords, GroupMemory, SLOT_BYTES } from "./group-memory.ts";
import type { ThreadSeat } from "./thread-group.ts";

/**
 * Joins the group of a seat as its rank. Once a seat.
 *
 * @throws {CollectiveArgumentError}
 *
 * Sums are made in rank order, `((v₀ + v₁) + v₂) + …`. Operations block the thread, which a browser forbids to its main thread.
 */
export function joinThreads(seat: ThreadSeat): Collective {
  const { memory, rank } = (seat ?? {}) as Partial<ThreadSeat>;
  const group = memory instanceof SharedArrayBuffer ? GroupMemory.of(memory) : undefined;
  if (group === undefined || !(Number.isInteger(rank) && rank! >= 0 && rank! < group.size)) {
    throw new CollectiveArgumentError("joinThreads", "a seat of threadGroup", describe(seat));
  }
  return new ThreadCollective(group, rank!);
}

const OPERATIONS = ["barrier", "allReduce", "reduce", "reduceScatter", "allGather", "broadcast"] as const;
type Operation = (typeof OPERATIONS)[number];
const REDUCTIONS: readonly Reduction[] = ["sum", "max"];
const ARRAYS: Readonly<
  Record<ElementType, new (memory: SharedArrayBuffer, byteOffset: number, length: number) => CollectiveArray>
> = { Float32Array, Float64Array, Int32Array, Uint8Array };

/** A round's part [from, to) of the arrays' elements. */
type Part = (from: number, to: number) => void;

class ThreadCollective implements Collective {
  readonly name = "threads";
  readonly rank: number;
  readonly size: number;
  private readonly memory: GroupMemory;
  /** Reductions that were started, in that order, and not yet run. */
  private readonly started: StartedReduction[] = [];

  constructor(memory: GroupMemory, rank: number) {
    this.memory = memory;
    this.rank = rank;
    this.size = memory.size;
  }

  allReduce(values: CollectiveArray, reduction: Reduction): void {
    checkReduction("allReduce", values, reduction);
    this.runStarted();
    this.reduceAll(values, reduction);
  }

  /** Runs at `wait`, or before the next operation: ranks start in the same order, so they run in the same order. */
  allReduceStart(values: CollectiveArray, reduction: Reduction): PendingReduction {
    checkReduction("allReduceStart", values, reduction);
    return this.start(() => this.reduceAll(values, reduction));
  }

  reduceStart(values: CollectiveArray, reduction: Reduction, root: number): PendingReduction {
    checkRootedReduction("reduceStart", values, reduction, root, this.size);
    return this.start(() => this.reduceTo(root, values, reduction));
  }

  private start(body: () => void): PendingReduction {
    const started = new StartedReduction(body);
    this.started.push(started);
    return {
      wait: () => {
        this.runStarted(started);
        started.rethrow();
      },
    };
  }

  reduceScatter(out: CollectiveArray, values: CollectiveArray, reduction: Reduction): void {
    checkReduction("reduceScatter", values, reduction);
    checkBlocks("reduceScatter", values, out, this.size);
    this.runStarted();
    const { rank, size } = this;
    const { length } = out;
    const mine = this.slot(rank, out);
    const slots = this.slots(out);
    const most = Math.floor(mine.length / size);
    const send: Part = (from, to) => {
      for (let block = 0; block < size; block++) {
        mine.set(values.subarray(block * length + from, block * length + to), block * (to - from));
      }
    };
    const receive: Part = (from, to) => reduce(out.subarray(from, to), slots, rank * (to - from), reduction);
    this.exchange("reduceScatter", out, REDUCTIONS.indexOf(reduction), most, send, receive);
  }

  allGather(out: CollectiveArray, values: CollectiveArray): void {
    checkBlocks("allGather", out, values, this.size);
    this.runStarted();
    const mine = this.slot(this.rank, values);
    const slots = this.slots(values);
    const { length } = values;
    const send: Part = (from, to) => mine.set(values.subarray(from, to));
    const receive: Part = (from, to) => {
      for (const [other, slot] of slots.entries()) out.set(slot.subarray(0, to - from), other * length + from);
    };
    this.exchange("allGather", values, 0, mine.length, send, receive);
  }

  broadcast(values: CollectiveArray, root: number): void {
    checkBroadcast("broadcast", values, root, this.size);
    this.runStarted();
    const slot = this.slot(root, values);
    const send: Part = (from, to) => {
      if (this.rank === root) slot.set(values.subarray(from, to));
    };
    const receive: Part = (from, to) => {
      if (this.rank !== root) values.set(slot.subarray(0, to - from), from);
    };
    this.exchange("broadcast", values, root, slot.length, send, receive);
  }

  barrier(): void {
    this.runStarted();
    const nothing: Part = () => {};
    this.exchange("barrier", new Uint8Array(), 0, 1, nothing, nothing);
  }

  abort(exitCode = 1): never {
    this.memory.abort(this.rank, exitCode);
    throw new CollectiveAbortedError("abort", this.rank, exitCode);
  }

  private reduceAll(values: CollectiveArray, reduction: Reduction): void {
    this.reduceInPlace("allReduce", values, reduction, REDUCTIONS.indexOf(reduction), true);
  }

  private reduceTo(root: number, values: CollectiveArray, reduction: Reduction): void {
    const detail = root * REDUCTIONS.length + REDUCTIONS.indexOf(reduction);
    this.reduceInPlace("reduce", values, reduction, detail, this.rank === root);
  }

  private reduceInPlace(
    operation: Operation,
    values: CollectiveArray,
    reduction: Reduction,
    detail: number,
    receives: boolean,
  ): void {
    const mine = this.slot(this.rank, values);
    const slots = this.slots(values);
    const send: Part = (from, to) => mine.set(values.subarray(from, to));
    const receive: Part = (from, to) => {
      if (receives) reduce(values.subarray(from, to), slots, 0, reduction);
    };
    this.exchange(operation, values, detail, mine.length, send, receive);
  }

  /** Runs the reductions that were started, up to `last`. */
  private runStarted(last?: StartedReduction): void {
    while (this.started.length > 0 && !last?.ran) this.started.shift()!.run();
  }

  /** Sends and receives `length` elements, at most `most` a round, once all ranks are known to make the same call. */
  private exchange(
    operation: Operation,
    values: CollectiveArray,
    detail: number,
    most: number,
    send: Part,
    receive: Part,
  ): void {
    const { memory, rank } = this;
    const { length } = values;
    memory.writeCall(rank, [
      OPERATIONS.indexOf(operation),
      ELEMENT_TYPES.indexOf(elementTypeOf(values)),
      length,
      detail,
    ]);
    for (let from = 0; from === 0 || from < length; from += most) {
      const to = Math.min(from + most, length);
      send(from, to);
      memory.barrier(operation, rank);
      const mismatch = from === 0 ? this.mismatch(operation) : undefined;
      if (mismatch === undefined) receive(from, to);
      // Until all have read, no rank may write the next round, or its next call.
      memory.barrier(operation, rank);
      if (mismatch !== undefined) throw mismatch;
    }
  }

  /** The same on every rank, as all read the same calls. */
  private mismatch(operation: string): CollectiveMismatchError | undefined {
    const { memory, size } = this;
    const first = describeCall(memory.callOf(0));
    for (let other = 1; other < size; other++) {
      const call = describeCall(memory.callOf(other));
      if (call !== first) return new CollectiveMismatchError(operation, other, first, call);
    }
    return undefined;
  }

  private slot(rank: number, like: CollectiveArray): CollectiveArray {
    const { buffer } = this.memory;
    return new ARRAYS[elementTypeOf(like)](buffer, this.memory.slotOf(rank), SLOT_BYTES / like.BYTES_PER_ELEMENT);
  }

  private slots(like: CollectiveArray): readonly CollectiveArray[] {
    return Array.from({ length: this.size }, (_, rank) => this.slot(rank, like));
  }
}

/** A reduction that runs after its start. An error is kept for the one who waits for it. */
class StartedReduction {
  ran = false;
  private failure: { readonly error: unknown } | undefined;
  private readonly body: () => void;

  constructor(body: () => void) {
    this.body = body;
  }

  run(): void {
    this.ran = true;
    try {
      this.body();
    } catch (error) {
      this.failure = { error };
    }
  }

  rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}

/** out ← the reduction of the slots' elements from `offset`, in rank order. */
function reduce(out: CollectiveArray, slots: readonly CollectiveArray[], offset: number, reduction: Reduction): void {
  const { length } = out;
  out.set(slots[0]!.subarray(offset, offset + length));
  for (let rank = 1; rank < slots.length; rank++) {
    const slot = slots[rank]!;
    if (reduction === "sum") for (let i = 0; i < length; i++) out[i] = out[i]! + slot[offset + i]!;
    else for (let i = 0; i < length; i++) if (slot[offset + i]! > out[i]!) out[i] = slot[offset + i]!;
  }
}

function describeCall([operation, type, length, detail]: CallWords): string {
  const name = OPERATIONS[operation]!;
  const array = `${ELEMENT_TYPES[type]} of ${length}`;
  if (name === "barrier") return "barrier()";
  if (name === "allGather") return `allGather(${array})`;
  if (name === "broadcast") return `broadcast(${array}, ${detail})`;
  const reduction = `"${REDUCTIONS[detail % REDUCTIONS.length]}"`;
  if (name !== "reduce") return `${name}(${array}, ${reduction})`;
  return `reduce(${array}, ${reduction}, ${Math.floor(detail / REDUCTIONS.length)})`;
}
