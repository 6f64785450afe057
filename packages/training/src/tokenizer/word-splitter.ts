import { spellBytes } from "./byte-spelling.ts";
import { toRegExp } from "./pattern.ts";
import type { Before } from "./tokenizer.ts";

/** Pre-tokenizer of a published tokenizer: splits text into words that no merge crosses. */
export interface WordSplitter {
  /** Whether words are in byte-level encoding, or characters with ▁ for spaces. */
  readonly kind: "bytes" | "characters";
  /** Whether texts are put into Unicode's composed form (NFC) first. */
  readonly composes: boolean;
  /** The words of a text, in the vocabulary's spelling. */
  readonly split: (text: string, before: Before) => Iterable<string>;
}

interface Step {
  readonly type: string;
  readonly pretokenizers?: readonly Step[];
  readonly normalizers?: readonly Step[];
  readonly pattern?: { readonly Regex?: string | null; readonly String?: string | null };
  readonly behavior?: string;
  readonly invert?: boolean;
  readonly individual_digits?: boolean;
  readonly use_regex?: boolean;
  readonly add_prefix_space?: boolean;
  readonly prepend_scheme?: string;
  readonly prepend?: string;
  readonly content?: string;
}

/** A word of GPT-2. */
const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** A run of ▁ and the characters that follow it. */
const MARKED = /▁*[^▁]+|▁+/gu;

type Refuse = (what: string) => never;

/** Creates the splitter that a `tokenizer.json` describes in its normalizer and pre-tokenizer. @param refuse - throws, naming what is not supported. */
export function wordSplitter(json: unknown, refuse: Refuse): WordSplitter {
  const { normalizer, pre_tokenizer: preTokenizer } = json as { normalizer?: Step | null; pre_tokenizer?: Step | null };
  const before = flatten(normalizer);
  const steps = flatten(preTokenizer);
  if (steps.some(({ type }) => type === "ByteLevel")) {
    const other = before.find(({ type }) => type !== "NFC");
    if (other !== undefined) refuse(`the normalizer ${other.type}`);
    return { kind: "bytes", composes: before.length > 0, split: byteSplitter(steps, refuse) };
  }
  return { kind: "characters", composes: false, split: characterSplitter(before, steps, refuse) };
}

function flatten(step: Step | null | undefined): readonly Step[] {
  if (step === null || step === undefined) return [];
  return step.type === "Sequence" ? (step.pretokenizers ?? step.normalizers ?? []).flatMap(flatten) : [step];
}

/** Splitter for byte-level encoding: each step cuts the pieces of the one before; the last are written in byte-level encoding. */
function byteSplitter(steps: readonly Step[], refuse: Refuse): WordSplitter["split"] {
  const cuts = steps.flatMap((step) => patternOf(step, refuse));
  const prefixed = steps.findIndex(({ type, add_prefix_space: prefix }) => type === "ByteLevel" && prefix === true);
  if (prefixed > 0) refuse("add_prefix_space after another step"); // it would put a space before each of that step's pieces
  const prefix = prefixed === 0;
  const encoder = new TextEncoder();
  return function* (text, before) {
    const start = prefix && before !== "text" && !text.startsWith(" ") ? ` ${text}` : text;
    let pieces = [start];
    for (const cut of cuts) pieces = pieces.flatMap((piece) => isolate(piece, cut));
    for (const piece of pieces) yield spellBytes(encoder.encode(piece));
  };
}

function patternOf(step: Step, refuse: Refuse): RegExp[] {
  switch (step.type) {
    case "ByteLevel":
      return step.use_regex === false ? [] : [GPT2];
    case "Digits":
      return [step.individual_digits === true ? /\p{N}/gu : /\p{N}+/gu];
    case "Split": {
      const { pattern, behavior, invert } = step;
      if (behavior !== "Isolated" || invert === true || typeof pattern?.Regex !== "string") return refuse("this Split");
      return [toRegExp(pattern.Regex) ?? refuse(`the pattern ${pattern.Regex}`)];
    }
    default:
      return refuse(`the pre-tokenizer ${step.type}`);
  }
}

/** Splits a text into matches and the pieces between them, in order. */
function isolate(text: string, pattern: RegExp): string[] {
  const out: string[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) out.push(text.slice(at, match.index));
    if (match[0] !== "") out.push(match[0]);
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}

/** Splitter in SentencePiece's manner: writes every space as ▁, and puts one before the text. */
function characterSplitter(
  normalizers: readonly Step[],
  steps: readonly Step[],
  refuse: Refuse,
): WordSplitter["split"] {
  const stranger = [...normalizers, ...steps].find(({ type }) => !["Prepend", "Replace", "Metaspace"].includes(type));
  if (stranger !== undefined) refuse(`the step ${stranger.type}`);
  const marks = (step: Step): boolean =>
    step.type === "Metaspace" || (step.type === "Replace" && step.pattern?.String === " " && step.content === "▁");
  if (![...normalizers, ...steps].some(marks)) refuse("a tokenizer that does not mark spaces");
  const prepended = normalizers.some(({ type, prepend }) => type === "Prepend" && prepend === "▁");
  const metaspace = steps.find(({ type }) => type === "Metaspace");
  const led = metaspace !== undefined && metaspace.prepend_scheme !== "never" && metaspace.add_prefix_space !== false;
  const first = metaspace?.prepend_scheme === "first";
  return function* (text, before) {
    if (text === "") return;
    const marked = text.replaceAll(" ", "▁");
    const leads = led && !(first && before === "special") && !marked.startsWith("▁");
    const prefixed = before !== "text" && (prepended || leads);
    for (const [word] of (prefixed ? `▁${marked}` : marked).matchAll(MARKED)) yield word;
  };
}
