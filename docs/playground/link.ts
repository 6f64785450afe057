import { type Program, SourceError } from "./compile.ts";

/** A program whose imports are addresses, ready for `import()`. */
export interface Linked {
  readonly code: string;
  /** The line of the first import from each address, and the module's name. */
  readonly addresses: ReadonlyMap<string, { readonly name: string; readonly line: number }>;
}

/**
 * Puts addresses in the place of modules' names: import maps do not reach into workers.
 *
 * @param modules - how to load each module that there is.
 * @param publish - gives the text of a module an address.
 * @throws {SourceError} for a module that there is not.
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

/** Where the worker's modules and the programs that import them meet. */
const shared: Record<string, object> = {};
Object.assign(globalThis, { playgroundModules: shared });

/** The text of a module that exports what the bundled one does. */
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
