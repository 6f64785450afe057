import { describeMachine, missingFeatures } from "./browser-support.ts";
import { create, element } from "./element.ts";
import { Store } from "./store.ts";
import { Workbench } from "./workbench.ts";

/** The page's beginning: says what the browser lacks, and takes up what an earlier visit left. */

const notify = (words: string): void => element("notices", HTMLElement).append(create("p", "notice", words));

element("machine", HTMLElement).textContent = describeMachine();
for (const words of missingFeatures()) notify(words);

const store = await Store.open().catch((error: Error) => {
  notify(`A reload of this page loses its runs: ${error.message}. Save them to a file instead.`);
  return undefined;
});
const workbench = new Workbench(store);
await workbench.restore();
