import { element } from "./element.ts";

/** Asks the user whether the runs on the page may be discarded. */
export function confirmDiscard(): Promise<boolean> {
  const dialog = element("discard", HTMLDialogElement);
  dialog.returnValue = "keep";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "discard"), { once: true });
  });
}
