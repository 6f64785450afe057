import { formatBytes, type LogLine } from "@sumo/training";
import cliProgress from "cli-progress";
import colors from "picocolors";
import { formatCount, formatShare, formatTime } from "./format.ts";
import type { Screen } from "./screen.ts";

/** Progress display of a run. */
export interface Progress {
  logged(line: LogLine): void;
  saved(step: number): void;
  stop(): void;
}

/** Starts a progress display: a bar on a terminal, elsewhere a line for every validation loss. */
export function showProgress(screen: Screen, steps: number, firstStep: number): Progress {
  return screen.isTTY ? movingBar(steps, firstStep) : plainLines(screen, steps);
}

function movingBar(steps: number, firstStep: number): Progress {
  const bar = new cliProgress.SingleBar({
    format: `${colors.cyan("{bar}")} {value}/{total}  loss {loss}  validation {validation}  {speed} tokens/s  {left} left  {note}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    stopOnComplete: false,
    gracefulExit: false, // the run saves a checkpoint first
  });
  bar.start(steps, firstStep, { loss: "-", validation: "-", speed: "-", left: "-", note: "" });
  const pace = createPace(steps);
  let validation = "-";
  return {
    logged: (line) => {
      if (line.validation !== undefined) validation = formatMeasurement(line.validation, line);
      const { speed, left } = pace(line);
      bar.update(line.step, {
        loss: line.loss?.toFixed(3) ?? "-",
        validation,
        speed,
        left,
        note: line.final ? "measuring" : "",
      });
    },
    saved: (step) => bar.update({ note: colors.dim(`saved at ${step}`) }),
    stop: () => bar.stop(),
  };
}

function plainLines(screen: Screen, steps: number): Progress {
  const pace = createPace(steps);
  return {
    logged: (line) => {
      const { speed, left } = pace(line);
      if (line.validation === undefined) return;
      const loss = line.loss === undefined ? "" : `  loss ${line.loss.toFixed(3)}`;
      const rate = line.loss === undefined ? "" : `  ${speed} tokens/s  ${left} left${formatTraffic(line)}`;
      screen.write(
        `step ${String(line.step).padStart(String(steps).length)}/${steps}${loss}  validation ${formatMeasurement(line.validation, line)}${rate}\n`,
      );
    },
    saved: () => {},
    stop: () => {},
  };
}

function formatTraffic({ sentBytes, waited }: LogLine): string {
  if (sentBytes === undefined || waited === undefined) return "";
  return `  ${formatBytes(sentBytes)} sent a process, ${Math.round(100 * waited)} % waiting`;
}

/** A validation loss, and the shares of exact answers and of right options where they were measured. */
function formatMeasurement(loss: number, { exact, accuracy }: LogLine): string {
  const shares = Object.entries({ exact, accuracy }).flatMap(([name, share]) =>
    share === undefined ? [] : `  ${name} ${formatShare(share)}`,
  );
  return `${loss.toFixed(3)}${shares.join("")}`;
}

/** Steps over which speed and remaining time are averaged. */
const RECENT = 50;

/** Tokens per second, and the remaining time with evaluations included, averaged over the last steps. */
function createPace(steps: number): (line: LogLine) => { speed: string; left: string } {
  const recent: LogLine[] = [];
  return (line) => {
    recent.push(line);
    if (recent.length > RECENT + 1) recent.shift();
    const speeds = recent.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? []);
    if (speeds.length === 0) return { speed: "-", left: "-" };
    const oldest = recent[0]!;
    const secondsPerStep = (line.seconds - oldest.seconds) / Math.max(1, line.step - oldest.step);
    return {
      speed: formatCount(Math.round(speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length)),
      left: formatTime(secondsPerStep * (steps - line.step)),
    };
  };
}
