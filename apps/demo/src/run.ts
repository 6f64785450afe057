import type { Checkpoint, RunConfig } from "@sumo/trainer/training";
import { History } from "./history.ts";
import type { Line, News, Order, Spectrum } from "./protocol.ts";

/** A run as it is kept: what its folder holds, in memory. */
export interface RunRecord {
  readonly name: string;
  readonly config: RunConfig;
  /** The text of its `tokenizer.json`. */
  readonly tokenizer: string;
  /** The log up to the checkpoint. */
  readonly lines: readonly Line[];
  /** Absent before the first. */
  readonly checkpoint: Checkpoint | undefined;
}

/** Told about a run. */
export interface Listener {
  /** After all news. */
  changed(run: Run): void;
  /** When there is a new checkpoint. */
  saved(run: Run): void;
}

/** One optimizer's run in its worker. */
export class Run {
  readonly name: string;
  readonly config: RunConfig;
  readonly history: History;
  /** The latest that were measured. */
  spectra: readonly Spectrum[] = [];
  /** What the worker said when it could not go on. */
  problem: string | undefined;
  private readonly tokenizer: string;
  private readonly worker: Worker;
  private readonly listener: Listener;
  private checkpoint: Checkpoint | undefined;
  private busy = false;
  private waiting: (() => void)[] = [];

  /** Begins to open the run. @param threads - see {@link Opening}. */
  constructor(record: RunRecord, text: Uint8Array, threads: number, listener: Listener) {
    const { name, config, tokenizer, lines, checkpoint } = record;
    this.name = name;
    this.config = config;
    this.tokenizer = tokenizer;
    this.checkpoint = checkpoint;
    this.listener = listener;
    this.history = new History(lines);
    this.worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }: MessageEvent<News>) => this.hear(data));
    this.worker.addEventListener("error", ({ message }) =>
      this.hear({ kind: "failed", message: message || "its worker could not be started" }),
    );
    this.order({ kind: "open", config, tokenizer, text, threads, checkpoint, lines });
  }

  get optimizer(): RunConfig["options"]["optimizer"] {
    return this.config.options.optimizer;
  }

  get running(): boolean {
    return this.busy;
  }

  /** Whether it has made all its steps, or cannot make more. */
  get over(): boolean {
    const { history, config, problem } = this;
    return problem !== undefined || (history.lines.at(-1)?.final !== undefined && history.step >= config.options.steps);
  }

  /** Trains until it is paused or done. */
  go(): void {
    this.start("go");
  }

  /** Trains one step. */
  step(): void {
    this.start("step");
  }

  pause(): void {
    this.order({ kind: "pause" });
  }

  /** Resolves once the run stands still and {@link record} is up to date. */
  async stopped(): Promise<void> {
    if (this.busy) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Asks the worker for its state now; `changed` is called when it is there. */
  save(): void {
    this.order({ kind: "save" });
  }

  /** The run as of the last checkpoint. */
  record(): RunRecord {
    const { name, config, tokenizer, checkpoint, history } = this;
    const lines = checkpoint === undefined ? [] : history.lines.filter(({ step }) => step <= checkpoint.step);
    return { name, config, tokenizer, lines, checkpoint };
  }

  dispose(): void {
    this.worker.terminate();
  }

  private start(kind: "go" | "step"): void {
    if (this.busy || this.over) return;
    this.busy = true;
    this.order({ kind });
  }

  private order(order: Order): void {
    this.worker.postMessage(order);
  }

  private hear(news: News): void {
    switch (news.kind) {
      case "opened":
        break;
      case "logged":
        for (const line of news.lines) this.history.add(line);
        if (news.spectra !== undefined) this.spectra = news.spectra;
        break;
      case "saved":
        this.checkpoint = news.checkpoint;
        this.listener.saved(this);
        break;
      case "stopped":
        this.rest();
        break;
      case "failed":
        this.fail(news.message);
        break;
      default:
        news satisfies never;
    }
    this.listener.changed(this);
  }

  private fail(message: string): void {
    this.problem = message;
    this.rest();
  }

  private rest(): void {
    this.busy = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
