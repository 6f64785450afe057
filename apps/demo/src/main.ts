import { describeMachine, missingFeatures } from "./browser-support.ts";
import { Store } from "./storage/store.ts";
import { create, element } from "./views/element.ts";
import { addOptimizerColours } from "./views/palette.ts";
import { Workbench } from "./workbench.ts";

// Entry of the page: lists missing browser features, and restores the runs of an earlier visit.

const notify = (words: string): void => element("notices", HTMLElement).append(create("p", "notice", words));

addOptimizerColours();
element("machine", HTMLElement).textContent = describeMachine();
for (const words of missingFeatures()) notify(words);

const store = await Store.open().catch((error: Error) => {
  notify(`A reload of this page loses its runs: ${error.message}. Save them to a file instead.`);
  return undefined;
});
const workbench = new Workbench(store);
await workbench.restore();
