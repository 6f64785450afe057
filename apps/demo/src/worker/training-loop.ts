import { createReferenceEngine, createWasmEngine, type Engine, UnsupportedError } from "@sumo/linalg";
import {
  checkAddressable,
  checkpointBytes,
  checkpointFiles,
  createCorpus,
  finalLine,
  initialLine,
  loggedStep,
  parseTokenizer,
  planRun,
  type RunConfig,
  sampleText,
  type Tokenizer,
  Trainer,
  type TrainOptions,
} from "@sumo/training";
import type { Line, News, Opening, Spectrum } from "../runs/protocol.ts";

/** Milliseconds between two messages with new log lines: short enough for fluent charts, long enough to cost little time. */
const FLUSH_MS = 100;
/** Milliseconds between two measurements of spectra, which slow a step down. */
const MEASURE_MS = 400;
/** Milliseconds between two checkpoints: a reload loses at most that much training. */
const SAVE_MS = 2000;

/** Heap beyond the plan, for packed operands and the decoder's cache: a quarter of the command line's, because phones have little memory. */
const RESERVE_BYTES = 2 ** 26;

const SAMPLE = { prompt: "The ", length: 240, temperature: 0.7 } as const;

/** Training loop of one run in a worker: can be paused between two steps, and posts log lines, spectra and checkpoints. */
export class TrainingLoop {
  private readonly trainer: Trainer;
  private readonly options: TrainOptions;
  private readonly tokenizer: Tokenizer;
  private readonly post: (news: News) => void;
  private running = false;
  private closed: boolean;
  private refreshes: number;
  private lines: Line[] = [];
  private spectra: readonly Spectrum[] | undefined;
  private seconds: number;
  private savedStep: number;
  private flushedAt = 0;
  private measuredAt = Number.NEGATIVE_INFINITY;
  private savedAt = 0;

  /** Opens a run. @throws {TrainingError} if the run, its text and its checkpoint do not match. */
  static async open(opening: Opening, post: (news: News) => void): Promise<TrainingLoop> {
    const loop = new TrainingLoop(opening, post);
    if (opening.threads > 1)
      await loop.trainer.useWorkers(Array.from({ length: opening.threads - 1 }, createPassWorker));
    return loop;
  }

  private constructor({ config, tokenizer, text, threads, checkpoint, lines }: Opening, post: (news: News) => void) {
    this.post = post;
    this.options = config.options;
    this.tokenizer = parseTokenizer(tokenizer, "tokenizer.json");
    const corpus = createCorpus(text, this.tokenizer, config.model.context);
    this.trainer = new Trainer(config.model, config.options, corpus, {
      engine: createEngine(config, threads),
      checkpoint: checkpoint && checkpointFiles(checkpoint),
    });
    this.savedStep = checkpoint?.step ?? -1;
    this.seconds = lines.at(-1)?.seconds ?? 0;
    this.closed = lines.at(-1)?.final !== undefined && this.trainer.step >= config.options.steps;
    this.refreshes = this.trainer.optimizer.counters.refreshes;
  }

  /** Trains until the loop is paused or the run has made all its steps. */
  async go(): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.savedAt = performance.now();
    while (this.running && !this.closed) {
      this.advance();
      const now = performance.now();
      if (now - this.flushedAt > FLUSH_MS) this.flush();
      if (now - this.savedAt > SAVE_MS) this.save();
      await nextTask();
    }
    this.stop();
  }

  /** Makes one step. */
  async step(): Promise<void> {
    if (this.running) return;
    this.measuredAt = Number.NEGATIVE_INFINITY;
    if (!this.closed) this.advance();
    this.stop();
  }

  /** Stops {@link go} after the current step. */
  pause(): void {
    this.running = false;
  }

  /** Posts the log, and a checkpoint if there are steps since the last one. */
  save(): void {
    this.flush();
    this.savedAt = performance.now();
    if (this.trainer.step === this.savedStep) return;
    this.savedStep = this.trainer.step;
    this.post({ kind: "saved", checkpoint: checkpointBytes(this.trainer.save()) });
  }

  private stop(): void {
    this.running = false;
    this.save();
    this.post({ kind: "stopped" });
  }

  /** Makes one step, with the initial validation loss before the first and the final one after the last. */
  private advance(): void {
    const { trainer, options } = this;
    const start = performance.now();
    const before = this.seconds;
    const clock = (): number => Math.round(1000 * before + performance.now() - start) / 1000;
    if (trainer.step === 0) this.log(initialLine(trainer, options, clock));
    if (trainer.step < options.steps) this.log(this.measured(() => loggedStep(trainer, options, clock)));
    if (trainer.step >= options.steps) {
      this.log(finalLine(trainer, options, clock));
      this.closed = true;
    }
    this.seconds = clock();
  }

  /** Makes a step with the optimizer's telemetry, periodically and at the last step with spectra. */
  private measured(step: () => Line): Line {
    const { optimizer } = this.trainer;
    const now = performance.now();
    const last = this.trainer.step + 1 === this.options.steps;
    if (!last && now - this.measuredAt < MEASURE_MS) return this.withSubspace(step());
    this.measuredAt = now;
    const spectra: Spectrum[] = [];
    const stop = optimizer.on("step", ({ parameter, spectrum, condition }) => {
      if (spectrum !== undefined) spectra.push({ parameter, values: spectrum, condition: condition! });
    });
    try {
      return this.withSubspace(step());
    } finally {
      stop();
      this.spectra = spectra;
    }
  }

  private withSubspace(line: Line): Line {
    const { parameters, counters } = this.trainer.optimizer.report();
    const captured = parameters.flatMap(({ captured }) => (captured === undefined ? [] : [captured]));
    if (captured.length === 0) return line;
    const refreshes = counters.refreshes - this.refreshes;
    this.refreshes = counters.refreshes;
    const mean = captured.reduce((sum, share) => sum + share, 0) / captured.length;
    return { ...line, captured: mean, ...(refreshes > 0 && { refreshes }) };
  }

  private log(line: Line): void {
    this.lines.push(line.validation === undefined ? line : { ...line, sample: this.sample() });
  }

  private sample(): string {
    const pieces = sampleText(this.trainer.model, this.tokenizer, SAMPLE, this.options.seed);
    return SAMPLE.prompt + Array.from(pieces).join("");
  }

  private flush(): void {
    this.flushedAt = performance.now();
    if (this.lines.length === 0) return;
    this.post({ kind: "logged", lines: this.lines, spectra: this.spectra });
    this.lines = [];
    this.spectra = undefined;
  }
}

/** Creates an engine with a heap of the planned size; plain JavaScript, which the page announces as slow, where there is no SIMD. */
function createEngine({ model, options }: RunConfig, threads: number): Engine {
  const plan = planRun(model, options, { threads, reserveBytes: RESERVE_BYTES });
  checkAddressable(plan);
  const bytes = plan.heapBytes;
  try {
    return createWasmEngine({ bytes, shared: threads > 1 });
  } catch (error) {
    if (error instanceof UnsupportedError) return createReferenceEngine({ bytes });
    throw error;
  }
}

function createPassWorker(): Worker {
  return new Worker(new URL("./pass-worker.ts", import.meta.url), { type: "module" });
}

const channel = new MessageChannel();

/** Resolves after pending messages are handled. A timer would take at least four milliseconds. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });
}
