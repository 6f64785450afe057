/** For `node --import`: takes the packages of the checkout that SUMO_CHECKOUT names in place of this one's. */
import { register } from "node:module";
import { pathToFileURL } from "node:url";

const parentURL = pathToFileURL(`${process.env.SUMO_CHECKOUT}/bench/package.json`).href;

/** Hook of Node's module loader, which runs in a thread of its own. */
export function resolve(specifier, context, next) {
  return next(specifier, specifier.startsWith("@sumo/") ? { ...context, parentURL } : context);
}

// The loader's thread reads this file again, by the address with a query, for the hook alone.
if (!import.meta.url.endsWith("?hook")) register(`${import.meta.url}?hook`);
