import type { Phase } from "../runs/comparison.ts";
import { element } from "./element.ts";
import { formatShare, formatWhole } from "./numbers.ts";

/** Actions of the buttons. */
export interface Actions {
  /** Start, pause, resume, or extend finished runs. */
  run(): Promise<void>;
  step(): Promise<void>;
  anew(): Promise<void>;
  /** Copy a link to the experiment. */
  share(): Promise<void>;
  save(): Promise<void>;
  open(file: File): Promise<void>;
}

const RUN_LABELS = {
  none: "Start",
  running: "Pause",
  paused: "Resume",
  finished: "Train on",
  failed: "Stopped",
} as const;

const TITLE = document.title;
const TITLE_MARKS = { running: "▶", paused: "⏸", finished: "✓", failed: "✗" } as const;

/** Control bar: buttons, progress, and status messages. */
export class Controls {
  private readonly run = element("run", HTMLButtonElement);
  private readonly step = element("step", HTMLButtonElement);
  private readonly anew = element("anew", HTMLButtonElement);
  private readonly share = element("share", HTMLButtonElement);
  private readonly save = element("save", HTMLButtonElement);
  private readonly open = element("open", HTMLButtonElement);
  private readonly file = element("open-file", HTMLInputElement);
  private readonly progress = element("progress", HTMLProgressElement);
  private readonly state = element("state", HTMLElement);
  private readonly problem = element("problem", HTMLElement);
  /** Whether an action is running, which excludes others. */
  private busy = false;

  /** @param failed - called with an action's error. */
  constructor(actions: Actions, failed: (error: unknown) => void) {
    const act = (action: () => Promise<void>) => async () => {
      if (this.busy) return;
      this.busy = true;
      this.complain(undefined);
      await action().catch(failed);
      this.busy = false;
    };
    this.run.addEventListener(
      "click",
      act(() => actions.run()),
    );
    this.step.addEventListener(
      "click",
      act(() => actions.step()),
    );
    this.anew.addEventListener(
      "click",
      act(() => actions.anew()),
    );
    this.share.addEventListener(
      "click",
      act(() => actions.share()),
    );
    this.save.addEventListener(
      "click",
      act(() => actions.save()),
    );
    this.open.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      const file = this.file.files?.[0];
      this.file.value = ""; // so that the same file can be chosen again
      if (file !== undefined) void act(() => actions.open(file))();
    });
  }

  /** Shows the phase and the progress of a comparison; `undefined` without one. The first call enables the buttons. */
  show(phase: Phase | undefined, step: number, steps: number): void {
    this.run.textContent = RUN_LABELS[phase ?? "none"];
    this.run.disabled = phase === "failed";
    this.open.disabled = false;
    this.share.disabled = false;
    this.step.disabled = phase !== undefined && phase !== "paused";
    this.anew.disabled = phase === undefined;
    this.save.disabled = phase === undefined || phase === "failed";
    this.progress.max = Math.max(1, steps);
    this.progress.value = step;
    document.title =
      phase === undefined ? TITLE : `${TITLE_MARKS[phase]} ${formatShare(step / Math.max(1, steps))} – ${TITLE}`;
    this.progress.title = `${formatWhole(step)} of ${formatWhole(steps)} steps`;
  }

  /** Shows a status message. Screen readers read it out, so it changes only when the status does. */
  say(words: string): void {
    if (this.state.textContent !== words) this.state.textContent = words;
  }

  /** Shows an error message, or removes it. */
  complain(words: string | undefined): void {
    this.problem.hidden = words === undefined;
    this.problem.textContent = words ?? "";
  }
}
