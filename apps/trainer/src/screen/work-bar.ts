import cliProgress from "cli-progress";
import colors from "picocolors";
import type { Screen } from "./screen.ts";

/** Shows how much of a piece of work is done. */
export type OnWork = (done: number, total: number) => void;

/**
 * Shows how far a piece of work is that may take long: a bar on a terminal, elsewhere a line when it begins. Work on less than `least` is not
 * shown.
 */
export function showWork(screen: Screen, what: string, least: number): OnWork {
  let bar: cliProgress.SingleBar | undefined;
  let isShown = false;
  return (done, total) => {
    if (total < least) return;
    if (!isShown) {
      isShown = true;
      if (screen.isTTY) bar = startBar(what, total);
      else screen.write(`${what} …\n`);
    }
    bar?.update(done);
    if (done < total) return;
    bar?.stop();
    isShown = false;
  };
}

function startBar(what: string, total: number): cliProgress.SingleBar {
  const bar = new cliProgress.SingleBar({
    format: `${colors.cyan("{bar}")} ${what}, {percentage} %  {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    gracefulExit: false,
  });
  bar.start(total, 0);
  return bar;
}
