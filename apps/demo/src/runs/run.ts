import type { CheckpointBytes, RunConfig } from "@sumo/training";
import { History } from "./history.ts";
import type { Line, News, Order, Spectrum } from "./protocol.ts";

/** A stored run: the contents of a run's folder. */
export interface RunRecord {
  readonly name: string;
  readonly config: RunConfig;
  /** The text of its `tokenizer.json`. */
  readonly tokenizer: string;
  /** The log up to the checkpoint. */
  readonly lines: readonly Line[];
  /** The latest checkpoint; absent before the first. */
  readonly checkpoint: CheckpointBytes | undefined;
}

/** Callbacks of a run. */
export interface Listener {
  /** Called after every message of the worker. */
  changed(run: Run): void;
  /** Called after a checkpoint. */
  saved(run: Run): void;
}

/** A run in its worker: sends orders, and keeps its history and its latest checkpoint. */
export class Run {
  readonly name: string;
  readonly config: RunConfig;
  readonly history: History;
  /** The spectra measured last. */
  spectra: readonly Spectrum[] = [];
  /** Message of the worker's failure, if it failed. */
  problem: string | undefined;
  private readonly tokenizer: string;
  private readonly worker: Worker;
  private readonly listener: Listener;
  private checkpoint: CheckpointBytes | undefined;
  private busy = false;
  private waiting: (() => void)[] = [];

  /** Starts the worker and opens the run in it. @param threads - see {@link Opening}. */
  constructor(record: RunRecord, text: Uint8Array, threads: number, listener: Listener) {
    const { name, config, tokenizer, lines, checkpoint } = record;
    this.name = name;
    this.config = config;
    this.tokenizer = tokenizer;
    this.checkpoint = checkpoint;
    this.listener = listener;
    this.history = new History(lines);
    this.worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }: MessageEvent<News>) => this.receive(data));
    this.worker.addEventListener("error", ({ message }) =>
      this.receive({
        kind: "failed",
        message:
          message ||
          "its worker could not be started. Save the run, then reload the page: a newer version of it may be there",
      }),
    );
    this.send({ kind: "open", config, tokenizer, text, threads, checkpoint, lines });
  }

  get optimizer(): RunConfig["options"]["optimizer"] {
    return this.config.options.optimizer;
  }

  get running(): boolean {
    return this.busy;
  }

  /** Whether the run has made all its steps, or has failed. */
  get over(): boolean {
    const { history, config, problem } = this;
    return problem !== undefined || (history.lines.at(-1)?.final !== undefined && history.step >= config.options.steps);
  }

  /** Trains until the run is paused or has made all its steps. */
  go(): void {
    this.start("go");
  }

  /** Makes one step. */
  step(): void {
    this.start("step");
  }

  pause(): void {
    this.send({ kind: "pause" });
  }

  /** Resolves when the worker has stopped training and {@link record} is current. */
  async stopped(): Promise<void> {
    if (this.busy) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Orders a checkpoint; `saved` is called when it arrives. */
  save(): void {
    this.send({ kind: "save" });
  }

  /** The run at its last checkpoint. */
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
    this.send({ kind });
  }

  private send(order: Order): void {
    this.worker.postMessage(order);
  }

  private receive(news: News): void {
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
        this.stop();
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
    this.stop();
  }

  private stop(): void {
    this.busy = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
