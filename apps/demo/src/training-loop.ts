import { createReferenceEngine, createWasmEngine, type Engine, UnsupportedError } from "@sumo/linalg";
import { planLlama } from "@sumo/llama";
import {
  closingLine,
  createCorpus,
  parseTokenizer,
  type RunConfig,
  Session,
  sampleText,
  type Tokenizer,
  type TrainOptions,
  trainStep,
} from "@sumo/trainer/training";
import { planOptimizer } from "./optimizer-plan.ts";
import type { Line, News, Opening, Spectrum } from "./protocol.ts";

/** The page hears of new steps so often, in milliseconds: a fluent picture that costs the training little. */
const TELL_MS = 100;
/** Measuring spectra makes a step slower; so often is enough to look at. */
const MEASURE_MS = 400;
/** A reload loses at most so much. */
const SAVE_MS = 2000;

/** Packed operands of products and the decoder's cache, which no plan counts. */
const SCRATCH_BYTES = 2 ** 26;

const SAMPLE = { prompt: "The ", length: 240, temperature: 0.7 } as const;

/** Trains one run step by step and tells of it; between two steps it listens. */
export class TrainingLoop {
  private readonly session: Session;
  private readonly options: TrainOptions;
  private readonly tokenizer: Tokenizer;
  private readonly tell: (news: News) => void;
  private running = false;
  private closed: boolean;
  private refreshes: number;
  private lines: Line[] = [];
  private spectra: readonly Spectrum[] | undefined;
  private seconds: number;
  private savedStep: number;
  private toldAt = 0;
  private measuredAt = Number.NEGATIVE_INFINITY;
  private savedAt = 0;

  /** @throws {TrainerError} if the run, its text and its checkpoint do not go together. */
  static async open(opening: Opening, tell: (news: News) => void): Promise<TrainingLoop> {
    const loop = new TrainingLoop(opening, tell);
    if (opening.threads > 1) await loop.session.employ(Array.from({ length: opening.threads - 1 }, createCrewWorker));
    return loop;
  }

  private constructor({ config, tokenizer, text, threads, checkpoint, lines }: Opening, tell: (news: News) => void) {
    this.tell = tell;
    this.options = config.options;
    this.tokenizer = parseTokenizer(tokenizer, "tokenizer.json");
    const corpus = createCorpus(text, this.tokenizer, config.model.context);
    this.session = new Session(config.model, config.options, corpus, createEngine(config, threads));
    if (checkpoint !== undefined) this.session.load(checkpoint);
    this.savedStep = checkpoint?.step ?? -1;
    this.seconds = lines.at(-1)?.seconds ?? 0;
    this.closed = lines.at(-1)?.final !== undefined && this.session.step >= config.options.steps;
    this.refreshes = this.session.optimizer.counters.refreshes;
  }

  /** Trains until it is paused or done. */
  async go(): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.savedAt = performance.now();
    while (this.running && !this.closed) {
      this.advance();
      const now = performance.now();
      if (now - this.toldAt > TELL_MS) this.flush();
      if (now - this.savedAt > SAVE_MS) this.save();
      await nextTask();
    }
    this.stop();
  }

  /** Trains one step. */
  async step(): Promise<void> {
    if (this.running) return;
    this.measuredAt = Number.NEGATIVE_INFINITY;
    if (!this.closed) this.advance();
    this.stop();
  }

  /** Ends {@link go} after the step that is under way. */
  pause(): void {
    this.running = false;
  }

  /** Tells the state, if it changed since it was told last. */
  save(): void {
    this.flush();
    this.savedAt = performance.now();
    if (this.session.step === this.savedStep) return;
    this.savedStep = this.session.step;
    this.tell({ kind: "saved", checkpoint: this.session.save() });
  }

  private stop(): void {
    this.running = false;
    this.save();
    this.tell({ kind: "stopped" });
  }

  /** The first measurement before the first step; one step; the closing measurement after the last one. */
  private advance(): void {
    const { session, options } = this;
    const start = performance.now();
    const before = this.seconds;
    const clock = (): number => Math.round(1000 * before + performance.now() - start) / 1000;
    if (session.step === 0) {
      this.log({ step: 0, seconds: clock(), validation: session.evaluate(options.evalTokens).loss });
    }
    if (session.step < options.steps) this.log(this.measured(() => trainStep(session, options, clock)));
    if (session.step >= options.steps) {
      this.log(closingLine(session, options, clock));
      this.closed = true;
    }
    this.seconds = clock();
  }

  /** A step with what the optimizer tells of it; now and then, and at the last one, with spectra. */
  private measured(step: () => Line): Line {
    const { optimizer } = this.session;
    const now = performance.now();
    const last = this.session.step + 1 === this.options.steps;
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
    const { parameters, counters } = this.session.optimizer.report();
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
    const pieces = sampleText(this.session.model, this.tokenizer, SAMPLE, this.options.seed);
    return SAMPLE.prompt + Array.from(pieces).join("");
  }

  private flush(): void {
    this.toldAt = performance.now();
    if (this.lines.length === 0) return;
    this.tell({ kind: "logged", lines: this.lines, spectra: this.spectra });
    this.lines = [];
    this.spectra = undefined;
  }
}

/** An engine whose memory is just large enough: phones have little. Where there is no SIMD, plain JavaScript; the page has said that it is slow. */
function createEngine({ model, options }: RunConfig, threads: number): Engine {
  const { batch, context: length, recompute } = options;
  const pass = planLlama(model, { batch, length, threads, ...(recompute && { recompute }) });
  const { stateBytes, workspaceBytes } = planOptimizer(model, options);
  const planned = pass.weightBytes + pass.activationBytes + pass.gradientBytes + stateBytes + workspaceBytes;
  const bytes = planned + SCRATCH_BYTES;
  try {
    return createWasmEngine({ bytes, shared: threads > 1 });
  } catch (error) {
    if (error instanceof UnsupportedError) return createReferenceEngine({ bytes });
    throw error;
  }
}

function createCrewWorker(): Worker {
  return new Worker(new URL("./crew-worker.ts", import.meta.url), { type: "module" });
}

const channel = new MessageChannel();

/** Lets messages in. Timers would wait four milliseconds. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });
}
