import type { Backend } from "../../backend/backend.ts";
import { describe } from "../../errors.ts";

/** A kind of result, in words and as a test. */
interface Kind {
  readonly words: string;
  holds(result: unknown): boolean;
}

const handle: Kind = { words: "a handle", holds: (result) => result !== undefined && result !== null };
const nothing: Kind = { words: "anything", holds: () => true };
const facts: Kind = { words: "an object", holds: (result) => typeof result === "object" && result !== null };
const scratch: Kind = {
  words: "scratch with scope, matrix and dispose",
  holds: (result) =>
    facts.holds(result) &&
    ["scope", "matrix", "dispose"].every((name) => typeof (result as Record<string, unknown>)[name] === "function"),
};

/** Results of the methods that every backend has. */
const RESULTS: Readonly<Record<string, Kind>> = {
  allocate: handle,
  dispose: nothing,
  weight: nothing,
  gradient: nothing,
  shapeOf: nothing,
  scratch,
  read: { words: "a Float32Array", holds: (result) => result instanceof Float32Array },
  write: nothing,
  axpby: nothing,
  norm: { words: "a number", holds: (result) => typeof result === "number" },
  matmul: nothing,
  scaleLines: nothing,
  polar: facts,
  newtonSchulz: nothing,
  rangeFinder: facts,
  shrinkAgreeing: nothing,
  adamw: nothing,
};

/** The same backend; an error says which method is missing, threw, or gave something of another kind. */
export function checked<T, Source>(backend: Backend<T, Source>): Backend<T, Source> {
  return new Proxy(backend, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      const kind = typeof name === "string" ? RESULTS[name] : undefined;
      if (kind !== undefined && typeof member !== "function") {
        throw new Error(`${String(name)}: expected a method, got ${describe(member)}`);
      }
      if (typeof member !== "function") return member;
      return (...values: unknown[]) => {
        let result: unknown;
        try {
          result = Reflect.apply(member, target, values);
        } catch (cause) {
          throw new Error(`${String(name)} threw ${String(cause)}`, { cause });
        }
        if (kind === undefined || kind.holds(result)) return result;
        throw new Error(`${String(name)} gave ${describe(result)}, expected ${kind.words}`);
      };
    },
  });
}
