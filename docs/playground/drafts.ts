/** Key of the edited programs in the browser's storage. */
const KEY = "sumo-playground";

/** Edited programs by example, kept in this browser. Where it stores nothing, they live as long as the page. */
export interface Drafts {
  get(example: string): string | undefined;
  /** Keeps a program, or forgets it where it is what the example says. */
  set(example: string, program: string, source: string): void;
}

export function openDrafts(storage: () => Storage): Drafts {
  const drafts = stored(storage);
  return {
    get: (example) => drafts.get(example),
    set(example, program, source) {
      if (program === source) drafts.delete(example);
      else drafts.set(example, program);
      try {
        storage().setItem(KEY, JSON.stringify(Object.fromEntries(drafts)));
      } catch {} // full, or forbidden
    },
  };
}

function stored(storage: () => Storage): Map<string, string> {
  try {
    const entries = Object.entries(JSON.parse(storage().getItem(KEY) ?? "{}") as object);
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return new Map();
  }
}
