import type { Theme } from "vitepress";
// The system's fonts: nothing to download.
import DefaultTheme from "vitepress/theme-without-fonts";
import RunnableCode from "../../playground/runnable-code.vue";
import RunnableExample from "../../playground/runnable-example.vue";
import StepPicture from "./step-picture.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("RunnableCode", RunnableCode);
    app.component("RunnableExample", RunnableExample);
    app.component("StepPicture", StepPicture);
  },
} satisfies Theme;
