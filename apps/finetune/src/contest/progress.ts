import cliProgress from "cli-progress";

/** Output stream of the progress. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Progress of all trials. */
export interface Progress {
  /** Called after a step of the trial with this title. */
  step(title: string, loss: number, accuracy: number | undefined): void;
  /** Called at the end of a trial. */
  done(title: string, accuracy: number, seconds: number): void;
  stop(): void;
}

/** Shows progress: a bar on a terminal, else a line for every trial. */
export function showProgress(screen: Screen, steps: number): Progress {
  const bar = screen.isTTY === true ? movingBar(steps) : undefined;
  return {
    step(title, loss, accuracy) {
      bar?.increment({ title: title.padEnd(26), loss: loss.toFixed(3), accuracy: percent(accuracy) });
    },
    done(title, accuracy, seconds) {
      if (bar === undefined) screen.write(`${title.padEnd(26)} ${percent(accuracy)} in ${seconds.toFixed(0)} s\n`);
    },
    stop: () => bar?.stop(),
  };
}

function movingBar(steps: number): cliProgress.SingleBar {
  const bar = new cliProgress.SingleBar({
    format: "{bar} {value}/{total}  {title} loss {loss}  accuracy {accuracy}  {eta_formatted} left",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    etaBuffer: 100,
  });
  bar.start(steps, 0, { title: "", loss: "-", accuracy: "-" });
  return bar;
}

const percent = (accuracy: number | undefined): string =>
  accuracy === undefined ? "-" : `${(100 * accuracy).toFixed(1)} %`;
