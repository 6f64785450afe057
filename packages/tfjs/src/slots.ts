import { type OptimizerEvents, OptimizerOptionError, type Report, type Role } from "@sumo/core";
import * as tf from "@tensorflow/tfjs-core";
import { rolesOfVariables } from "./roles.ts";
import { type SavedState, SavedStates } from "./saved-states.ts";
import { Slot, type SlotOptions } from "./slot.ts";
import type { SavedOptimizer } from "./state.ts";

/** Slots of all variables that an optimizer has seen and that were not disposed of, and saved states without a variable so far. */
export class Slots {
  private slots: ReadonlyMap<tf.Variable, Slot> = new Map();
  private saved: SavedStates = new SavedStates([], new Set());
  /** Positions of all states of the last `load`, in the order of their variables' creation. */
  private loaded: readonly number[] = [];
  private nextPlace = 0;
  private readonly options: SlotOptions;
  private readonly subscriptions: Set<(slot: Slot) => void> = new Set();

  constructor(options: SlotOptions) {
    this.options = options;
  }

  /** In the order in which they were first seen. */
  get all(): readonly Slot[] {
    this.release();
    return [...this.slots.values()].sort((a, b) => a.place - b.place);
  }

  of(variable: tf.Variable): Slot | undefined {
    return this.slots.get(variable);
  }

  /**
   * Creates slots for new variables, with saved state if there is some: for all of them or, on an error, for none.
   *
   * @param known - Role of a planned model's variable.
   * @throws {CheckpointError} if saved state does not fit or is ambiguous.
   */
  adopt(variables: readonly tf.Variable[], known: (variable: tf.Variable) => Role | undefined): void {
    this.release();
    const fresh = variables.filter((variable) => !this.slots.has(variable));
    if (fresh.length === 0) return;
    const claims = this.saved.claim(fresh, isAlive);
    const { rule } = this.options;
    const roles = rolesOfVariables(fresh, rule, this.nextPlace === 0);
    let { nextPlace } = this;
    const made = this.made(fresh, (variable, i) => {
      const claim = claims.get(variable);
      // A choice is evaluated again; roles by rule or from a model are kept.
      const kept = rule.hidden === "auto" ? (claim?.role ?? known(variable)) : undefined;
      const role = kept ?? roles[i]!;
      return claim === undefined ? { place: nextPlace++, role } : { claim, place: claim.place, role };
    });
    this.slots = new Map([...this.slots, ...made.map((slot) => [slot.variable, slot] as const)]);
    this.saved = this.saved.without(new Set(claims.values()));
    this.nextPlace = nextPlace;
  }

  /** State of all variables, including those not seen since the last `load`. @throws {CheckpointError} between two micro-batches. */
  save(): SavedOptimizer {
    const slots = [...this.all].sort((a, b) => a.variable.id - b.variable.id);
    const states = slots.map((slot): SavedState => {
      const { place, role } = slot;
      const { name, shape } = slot.variable;
      return { name, shape, place, role, checkpoint: slot.save() };
    });
    // Keeps the order of creation: each before its successor in the loaded order.
    const loadedAt = ({ place }: SavedState): number => this.loaded.indexOf(place);
    for (const waiting of this.saved.waiting) {
      const next = states.findIndex((state) => loadedAt(state) > loadedAt(waiting));
      states.splice(next < 0 ? states.length : next, 0, waiting);
    }
    // A variable created since then may be one whose state is not yet matched.
    const existed = this.saved.waiting.length > 0 ? this.saved.existed : Object.keys(tf.engine().registeredVariables);
    return { states, existed: [...existed], nextPlace: this.nextPlace };
  }

  /** Replaces all state; states of variables not yet seen are kept for them. @throws {CheckpointError} before anything is changed. */
  load({ states, existed, nextPlace }: SavedOptimizer): void {
    const saved = new SavedStates(states, new Set(existed));
    const variables = this.all.map(({ variable }) => variable);
    const claims = saved.claim(variables, isAlive);
    const made = this.made([...claims.keys()], (variable) => {
      const claim = claims.get(variable)!;
      return { claim, place: claim.place, role: claim.role };
    });
    for (const slot of this.slots.values()) slot.dispose();
    this.slots = new Map(made.map((slot) => [slot.variable, slot] as const));
    this.saved = saved.without(new Set(claims.values()));
    this.loaded = states.map(({ place }) => place);
    this.nextPlace = nextPlace;
  }

  report(): readonly Report[] {
    return this.all.map((slot) => slot.report());
  }

  on<K extends keyof OptimizerEvents>(event: K, listener: (event: OptimizerEvents[K]) => void): () => void {
    if (!EVENTS.includes(event)) throw new OptimizerOptionError("event", EVENTS.join(", "), event);
    if (typeof listener !== "function") throw new OptimizerOptionError("listener", "a function", listener);
    const ends: (() => void)[] = [];
    const subscribe = (slot: Slot): void => {
      ends.push(slot.on(event, listener));
    };
    this.subscriptions.add(subscribe);
    this.all.forEach(subscribe);
    return () => {
      this.subscriptions.delete(subscribe);
      for (const end of ends) end();
    };
  }

  dispose(): void {
    for (const slot of this.slots.values()) slot.dispose();
  }

  /** Creates one slot per variable; releases all of them on an error. */
  private made(
    variables: readonly tf.Variable[],
    describe: (variable: tf.Variable, i: number) => { place: number; role: Role; claim?: SavedState },
  ): Slot[] {
    const made: Slot[] = [];
    try {
      for (const [i, variable] of variables.entries()) {
        const { place, role, claim } = describe(variable, i);
        const slot = new Slot(variable, place, role, this.options);
        made.push(slot);
        if (claim !== undefined) slot.load(claim.checkpoint);
      }
    } catch (error) {
      for (const slot of made) slot.dispose();
      throw error;
    }
    for (const slot of made) for (const subscribe of this.subscriptions) subscribe(slot);
    return made;
  }

  /** Releases the slots of disposed variables. */
  private release(): void {
    const dead = [...this.slots.values()].filter(({ variable }) => variable.isDisposed);
    if (dead.length === 0) return;
    for (const slot of dead) slot.dispose();
    this.slots = new Map([...this.slots].filter(([variable]) => !variable.isDisposed));
  }
}

const EVENTS: readonly (keyof OptimizerEvents)[] = ["step", "refresh", "alarm"];

const isAlive = (name: string): boolean => Object.hasOwn(tf.engine().registeredVariables, name);
