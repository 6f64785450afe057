import { type Program, SourceError } from "./compile.ts";

/** A program whose imports are URLs, for `import()`. */
export interface Linked {
  readonly code: string;
  /** By URL: the line of its first import, and the module's name. */
  readonly addresses: ReadonlyMap<string, { readonly name: string; readonly line: number }>;
}

/**
 * Replaces modules' names by URLs, since import maps do not apply to workers.
 *
 * @param modules - a loader for each module.
 * @param publish - creates a URL for a module's text.
 * @throws {SourceError} for an unknown module.
 */
export async function link(
  { code, imports }: Program,
  modules: Readonly<Record<string, () => Promise<object>>>,
  publish: (text: string) => string,
): Promise<Linked> {
  const addresses = new Map<string, { readonly name: string; readonly line: number }>();
  const byName = new Map<string, string>();
  let linked = "";
  let done = 0;
  for (const { name, start, end, line } of imports) {
    if (!Object.hasOwn(modules, name)) throw unknownModule(name, line, Object.keys(modules));
    if (!byName.has(name)) {
      const address = publish(forwarding(name, await modules[name]!()));
      byName.set(name, address);
      addresses.set(address, { name, line });
    }
    linked += code.slice(done, start) + JSON.stringify(byName.get(name));
    done = end;
  }
  return { code: linked + code.slice(done), addresses };
}

/** Loaded modules, shared with programs through a global variable. */
const shared: Record<string, object> = {};
Object.assign(globalThis, { playgroundModules: shared });

/** Text of a module that re-exports a loaded one. */
function forwarding(name: string, module: object): string {
  shared[name] = module;
  const names = Object.keys(module);
  return [
    `const module = globalThis.playgroundModules[${JSON.stringify(name)}];`,
    ...names.map((key, i) => `const v${i} = module[${JSON.stringify(key)}];`),
    `export { ${names.map((key, i) => `v${i} as ${key}`).join(", ")} };`,
  ].join("\n");
}

function unknownModule(name: string, line: number, names: readonly string[]): SourceError {
  return new SourceError("ImportError", `there is no module "${name}" here. There are: ${names.join(", ")}`, line);
}
