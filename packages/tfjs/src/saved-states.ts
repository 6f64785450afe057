import { CheckpointError, type Role } from "@sumo/core";

/** Saved state of one variable. */
export interface SavedState {
  readonly name: string;
  readonly shape: readonly number[];
  /** Position among the variables in the order in which they were first seen; the key of its random numbers. */
  readonly place: number;
  readonly role: Role;
  readonly checkpoint: Uint8Array;
}

/** Properties that identify a variable. */
export interface Identity {
  readonly name: string;
  readonly shape: readonly number[];
  /** Increases in the order of creation. */
  readonly id: number;
}

/**
 * Saved states that are not yet matched to variables.
 *
 * A match has the same name and shape. tfjs appends `_1`, `_2`, … to a name in use, so names of copies may differ in that number.
 * For generated names (`"7"`, `"Variable_2"`) and for a model that was built a second time, the order of creation decides among variables of
 * one shape, if there are as many of them as states. Ambiguous cases are errors.
 */
export class SavedStates {
  readonly waiting: readonly SavedState[];
  /** Names of all variables at the time of saving: one of these without a saved state had none. */
  readonly existed: ReadonlySet<string>;
  /** No state has been matched so far. */
  private readonly untouched: boolean;

  constructor(waiting: readonly SavedState[], existed: ReadonlySet<string>, untouched = true) {
    this.waiting = waiting;
    this.existed = existed;
    this.untouched = untouched;
  }

  /** The states without `claimed`. */
  without(claimed: ReadonlySet<SavedState>): SavedStates {
    if (claimed.size === 0) return this;
    return new SavedStates(
      this.waiting.filter((state) => !claimed.has(state)),
      this.existed,
      false,
    );
  }

  /**
   * Matches states to `variables`; those without a match are new.
   *
   * @param isAlive - Whether tfjs has a variable of this name now.
   * @throws {CheckpointError} for an ambiguous match, or a state with a variable's name and another shape.
   */
  claim<V extends Identity>(variables: readonly V[], isAlive: (name: string) => boolean): Map<V, SavedState> {
    if (this.waiting.length === 0) return new Map();
    const fresh = [...variables].sort((a, b) => a.id - b.id);
    const byName = this.byName(fresh, isAlive);
    const isKnown = (name: string): boolean => this.existed.has(name) || this.existed.has(withoutNumber(name));
    const unknown = fresh.filter(
      (variable) => !byName.has(variable) && (isMadeUp(variable.name) || !isKnown(variable.name)),
    );
    const rest = this.without(new Set(byName.values())).waiting;
    const areForeign = this.untouched && byName.size === 0;
    if (areForeign && unknown.length === fresh.length && haveSameShapes(fresh, rest)) {
      if (rest.some(({ name }) => !isMadeUp(name) && isAlive(name))) throw undecided(fresh, rest);
      return inOrder(fresh, rest);
    }
    const open = areForeign ? unknown : unknown.filter(({ name }) => isMadeUp(name));
    return new Map([...byName, ...claimNameless(open, rest, isAlive)]);
  }

  private byName<V extends Identity>(fresh: readonly V[], isAlive: (name: string) => boolean): Map<V, SavedState> {
    const named = fresh.filter(({ name }) => !isMadeUp(name));
    const waiting = this.waiting.filter(({ name }) => !isMadeUp(name));
    const names = new Set([...this.existed, ...[...named, ...waiting].map(({ name }) => name)]);
    const stemOf = (name: string): string => {
      const stem = withoutNumber(name);
      return names.has(stem) || isAlive(stem) ? stem : name;
    };
    const keyOf = ({ name, shape }: Pick<Identity, "name" | "shape">): string => `${stemOf(name)} ${shape.join()}`;
    const [groups, saved] = [groupedBy(named, keyOf), groupedBy(waiting, keyOf)];
    const claims = new Map<V, SavedState>();
    for (const [key, group] of groups) {
      for (const [variable, state] of claimGroup(group, saved.get(key) ?? [], this.existed))
        claims.set(variable, state);
    }
    checkShapes(named, waiting, claims);
    return claims;
  }
}

/** Matches variables and states of one shape whose names differ at most in the number that tfjs appends. */
function claimGroup<V extends Identity>(
  fresh: readonly V[],
  saved: readonly SavedState[],
  existed: ReadonlySet<string>,
): Map<V, SavedState> {
  const claims = new Map<V, SavedState>();
  for (const variable of fresh) {
    const own = saved.find(({ name }) => name === variable.name);
    if (own !== undefined) claims.set(variable, own);
  }
  const others = fresh.filter((variable) => !claims.has(variable));
  if (others.length === 0 || claims.size === saved.length) return claims;
  const arePaired = claims.size === 0 && fresh.length === saved.length;
  if (!arePaired || others.some(({ name }) => existed.has(name))) throw undecided(others, saved);
  return inOrder(fresh, saved);
}

/** Matches variables with generated names, or names unrelated to those of the states. */
function claimNameless<V extends Identity>(
  fresh: readonly V[],
  saved: readonly SavedState[],
  isAlive: (name: string) => boolean,
): Map<V, SavedState> {
  const claims = new Map<V, SavedState>();
  const waiting = groupedBy(saved, ({ shape }) => shape.join());
  for (const [shape, group] of groupedBy(fresh, ({ shape: each }) => each.join())) {
    const states = waiting.get(shape) ?? [];
    // A state whose own variable exists belongs to that one.
    const lost = states.filter(({ name }) => !isMadeUp(name) && !isAlive(name));
    const nameless = states.filter(({ name }) => isMadeUp(name));
    const unnamed = group.filter(({ name }) => isMadeUp(name));
    if (lost.length > 0) throw undecided(group, states);
    if (nameless.length === 0 || unnamed.length === 0) continue;
    if (nameless.length !== unnamed.length) throw undecided(unnamed, nameless);
    for (const [variable, state] of inOrder(unnamed, nameless)) claims.set(variable, state);
  }
  return claims;
}

/** Whether tfjs generated the name. */
const isMadeUp = (name: string): boolean => /^(\d+|Variable(_\d+)?)$/.test(name);

/** A name without the number that tfjs appends. */
const withoutNumber = (name: string): string => name.replace(/_\d+$/, "");

const haveSameShapes = (a: readonly Pick<Identity, "shape">[], b: readonly Pick<Identity, "shape">[]): boolean => {
  const shapesOf = (list: readonly Pick<Identity, "shape">[]): string[] => list.map(({ shape }) => shape.join()).sort();
  return shapesOf(a).join(" ") === shapesOf(b).join(" ");
};

/** Pairs variables and states of equal shape in the order of creation. Their numbers are equal. */
function inOrder<V extends Identity>(fresh: readonly V[], saved: readonly SavedState[]): Map<V, SavedState> {
  const states = groupedBy(saved, ({ shape }) => shape.join());
  const groups = groupedBy(fresh, ({ shape }) => shape.join());
  return new Map(
    [...groups].flatMap(([shape, group]) => group.map((each, i) => [each, states.get(shape)![i]!] as const)),
  );
}

function groupedBy<E>(elements: readonly E[], keyOf: (element: E) => string): Map<string, E[]> {
  const groups = new Map<string, E[]>();
  for (const element of elements) {
    const key = keyOf(element);
    groups.set(key, [...(groups.get(key) ?? []), element]);
  }
  return groups;
}

/** @throws {CheckpointError} for a variable with the name of a state and another shape. */
function checkShapes<V extends Identity>(
  fresh: readonly V[],
  saved: readonly SavedState[],
  claims: ReadonlyMap<V, SavedState>,
): void {
  const claimed = new Set(claims.values());
  for (const variable of fresh) {
    const other = saved.find((state) => state.name === variable.name && !claimed.has(state));
    if (claims.has(variable) || other === undefined) continue;
    throw new CheckpointError(
      `the saved state of variable ${JSON.stringify(variable.name)} is of shape [${other.shape.join(", ")}], ` +
        `the variable's is [${variable.shape.join(", ")}]; give it another name, or begin with a new optimizer`,
    );
  }
}

function undecided(fresh: readonly Identity[], saved: readonly SavedState[]): CheckpointError {
  const listed = (named: readonly { readonly name: string }[]): string =>
    named.map(({ name }) => JSON.stringify(name)).join(", ");
  return new CheckpointError(
    `cannot tell which saved state belongs to which variable of shape [${fresh[0]!.shape.join(", ")}]: ` +
      `states of ${listed(saved)}, variables ${listed(fresh)}; give variables the names that they were saved under, ` +
      "or take the first step after loading with all of them",
  );
}
