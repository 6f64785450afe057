import type { FunctionalComponent } from "vue";
import type StepPicture from "./step-picture.vue";

/** Components that a page need not import. */
declare module "vue" {
  interface GlobalComponents {
    readonly ClientOnly: FunctionalComponent;
    readonly StepPicture: typeof StepPicture;
  }
}
