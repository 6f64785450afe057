/** Finds the page's element by its id. @throws {TypeError} if there is none of that class. */
export function element<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`the page has no ${type.name} #${id}`);
  return found;
}

/** Creates an element with a class and children. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** Creates a named region that scrolls sideways, by the keyboard too. */
export function scrollable(name: string, content: HTMLElement): HTMLElement {
  const region = create("section", "scroll", content);
  region.tabIndex = 0;
  region.ariaLabel = name;
  return region;
}

/** Creates a header cell of a table. */
export function headCell(scope: "row" | "col", ...children: readonly (Node | string)[]): HTMLTableCellElement {
  const cell = create("th", "", ...children);
  cell.scope = scope;
  return cell;
}
