import cliProgress from "cli-progress";
import colors from "picocolors";
import type { FinalLoss, LogLine } from "./log-line.ts";

/** Where text is shown. A terminal gets a bar that moves; a file or pipe gets plain lines. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Facts about a run, one line each. */
export type Facts = readonly (readonly [label: string, value: string])[];

/** Shows facts with their labels in a column. */
export function showFacts(screen: Screen, facts: Facts): void {
  const width = Math.max(...facts.map(([label]) => label.length));
  for (const [label, value] of facts) screen.write(`  ${colors.dim(label.padEnd(width))}  ${value}\n`);
}

/** Told how a run goes. */
export interface Progress {
  logged(line: LogLine): void;
  saved(step: number): void;
  stop(): void;
}

/** Shows how a run goes: a bar on a terminal, a line for every measurement elsewhere. */
export function showProgress(screen: Screen, steps: number, firstStep: number): Progress {
  return screen.isTTY === true ? movingBar(steps, firstStep) : plainLines(screen, steps);
}

function movingBar(steps: number, firstStep: number): Progress {
  const bar = new cliProgress.SingleBar({
    format: `${colors.cyan("{bar}")} {value}/{total}  loss {loss}  validation {validation}  {speed} tokens/s  {left} left  {note}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    stopOnComplete: false,
    gracefulExit: false, // the run saves first
  });
  bar.start(steps, firstStep, { loss: "-", validation: "-", speed: "-", left: "-", note: "" });
  const pace = startPace(steps);
  let validation = "-";
  return {
    logged: (line) => {
      if (line.validation !== undefined) validation = line.validation.toFixed(3);
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
  const pace = startPace(steps);
  return {
    logged: (line) => {
      const { speed, left } = pace(line);
      if (line.validation === undefined) return;
      const loss = line.loss === undefined ? "" : `  loss ${line.loss.toFixed(3)}`;
      const rate = line.loss === undefined ? "" : `  ${speed} tokens/s  ${left} left`;
      screen.write(
        `step ${String(line.step).padStart(String(steps).length)}/${steps}${loss}  validation ${line.validation.toFixed(3)}${rate}\n`,
      );
    },
    saved: () => {},
    stop: () => {},
  };
}

/** Steps that speed and time left are judged by. */
const RECENT = 50;

/** Tokens per second, and the time left with measurements included, both by the pace of the last steps. */
function startPace(steps: number): (line: LogLine) => { speed: string; left: string } {
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

/** The closing measurement in words. */
export function describeFinal({ validation, tokens, natsPerByte, perplexityPerByte }: FinalLoss): string {
  const perByte = `${natsPerByte.toFixed(4)} nats per byte (perplexity ${perplexityPerByte.toFixed(3)})`;
  const perToken = validation === natsPerByte ? "" : `, ${validation.toFixed(4)} nats per token`;
  return `${perByte}${perToken} on ${formatCount(tokens)} held-out tokens`;
}

/** `1,234,567` */
export function formatCount(n: number): string {
  return n.toLocaleString("en-US");
}

/** Bytes in kB, MB or GB, powers of 1000. */
export function formatBytes(bytes: number): string {
  const [size, unit] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / size).toFixed(bytes < 1e6 ? 1 : 2)} ${unit}`;
}

/** Seconds as `m:ss`. */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
