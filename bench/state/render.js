import { scatter } from "./scatter.js";
import { bestOf, nextRate, runsOf, sweepOf } from "./search.js";

/** Files of results by name: the map, and its pictures over bytes and over seconds with one panel a width and number of tokens a step. */
export function render(rows, seconds, { total, contestants, stepsOf, optionsOf }) {
  const panels = panelsOf(rows, seconds, { contestants, stepsOf, optionsOf });
  const { machine } = seconds;
  return {
    "state.json": `${JSON.stringify({ total, machine, panels }, null, 2)}\n`,
    "state-bytes.svg": picture(panels, contestants, "bytes", "bytes of state of the whole model"),
    "state-seconds.svg": picture(panels, contestants, "seconds", "processor seconds of a run, one thread"),
  };
}

/** The map by width and tokens a step, lowest loss first. */
function panelsOf(rows, seconds, { contestants, stepsOf, optionsOf }) {
  const places = [...new Map(rows.map(({ width, tokens }) => [`${width} ${tokens}`, { width, tokens }])).values()];
  places.sort((a, b) => a.width - b.width || a.tokens - b.tokens);
  return places.map(({ width, tokens }) => {
    const entries = contestants
      .map((contestant) => entryOf(rows, seconds, { width, tokens, contestant }, stepsOf(contestant, tokens)))
      .filter((entry) => entry !== undefined)
      .map((entry) => ({ ...entry, options: optionsOf(entry.contestant, tokens) }))
      .sort((a, b) => a.mean - b.mean);
    return { width, tokens, entries };
  });
}

function entryOf(rows, seconds, place, steps) {
  const runs = runsOf(rows, place);
  if (runs.length === 0) return undefined;
  const sweep = sweepOf(rows, place, runs[0].seed);
  const { lr, stateBytes } = bestOf(sweep);
  const losses = runs.filter((run) => run.lr === lr).map(({ loss }) => loss);
  if (losses.includes(null)) return undefined;
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
  const [timed] = runsOf(seconds.rows, place);
  return {
    contestant: place.contestant,
    steps,
    lr,
    /** Whether the best rate lies inside those tried. */
    tuned: nextRate(sweep, lr) === undefined,
    losses,
    mean: rounded(mean),
    deviation: losses.length > 1 ? rounded(Math.sqrt(squares / (losses.length - 1))) : undefined,
    bytes: stateBytes.whole,
    hiddenBytes: stateBytes.hidden,
    seconds: timed && (steps * timed.stepMs) / 1000,
  };
}

const rounded = (loss) => Number(loss.toFixed(4));

/** The map of one width and number of tokens a step as a table in Markdown. */
export function tableOf({ width, tokens, entries }) {
  const adamw = entries.find(({ contestant }) => contestant === "AdamW");
  const share = (entry, key) => (adamw ? `${((100 * entry[key]) / adamw[key]).toFixed(1)} %` : "");
  const lines = entries.map((entry) => {
    const { contestant, losses, mean, deviation, lr, tuned, bytes, seconds } = entry;
    const spread = deviation === undefined ? "" : ` ± ${deviation.toFixed(4)}`;
    const rate = `${lr}${tuned ? "" : " (end of the rates tried)"}`;
    const cells = [contestant, `${mean.toFixed(4)}${spread}`, losses.length, rate, bytes.toLocaleString("en")];
    return [...cells, share(entry, "bytes"), share(entry, "hiddenBytes"), seconds?.toFixed(0) ?? ""];
  });
  const head = ["hidden matrices", "loss", "seeds", "rate", "bytes of state", "of AdamW's", "hidden alone", "seconds"];
  const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `## Width ${width}, ${tokens.toLocaleString("en")} tokens a step\n\n${table}\n`;
}

function picture(panels, contestants, key, label) {
  return scatter({
    series: contestants.filter((name) => panels.some(({ entries }) => entries.some((e) => e.contestant === name))),
    xLabel: label,
    yLabel: "loss, nats a byte",
    panels: panels.map(({ width, tokens, entries }) => ({
      title: `width ${width}, ${tokens.toLocaleString("en")} tokens a step`,
      points: entries
        .filter((entry) => entry[key] !== undefined)
        .map((entry) => ({ series: entry.contestant, x: entry[key], y: entry.mean, spread: entry.deviation ?? 0 })),
    })),
  });
}
