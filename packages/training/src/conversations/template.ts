import { Environment, Interpreter, Template as JinjaTemplate } from "@huggingface/jinja";

/** Steps of a template: for each message of a conversation, and besides. Published templates take about a hundred for a message. */
const STEPS = { message: 5000, other: 20_000 };
/** Items of a list that count as a step where it is used, which may be in a loop with nothing else to evaluate. */
const ITEMS = 8;
/** Characters of a text that a template makes, and numbers of a range. */
const LONGEST = 2 ** 24;
const LONGEST_RANGE = 100_000;

/** What is used of Jinja's interpreter, whose own types do not resolve in Node. */
interface Interpreting {
  evaluate(statement: unknown, environment: unknown): unknown;
  run(program: unknown): unknown;
}

/** Jinja's interpreter, which stops a template that does not end, or grows beyond measure. A template is a file of strangers. */
class BoundedInterpreter extends (Interpreter as new (environment: unknown) => Interpreting) {
  private left: number;

  constructor(environment: unknown, steps: number) {
    super(environment);
    this.left = steps;
  }

  override evaluate(statement: unknown, environment: unknown): unknown {
    const result = super.evaluate(statement, environment);
    const { value } = result as { readonly value?: unknown };
    this.left -= Array.isArray(value) ? 1 + value.length / ITEMS : 1;
    if (this.left < 0) throw new Error("it does not end");
    if ((typeof value === "string" || Array.isArray(value)) && value.length > LONGEST)
      throw new Error("it writes too much");
    return result;
  }
}

/** A chat template in Jinja, which sees nothing but what it is given. */
export class Template {
  private readonly template: JinjaTemplate;

  /** @throws {Error} if it cannot be parsed. */
  constructor(source: string) {
    this.template = new JinjaTemplate(source);
  }

  /**
   * Writes a conversation.
   *
   * @param values - what the template sees, `messages` among it.
   * @throws {Error} where the template throws, calls what is no function, or takes more than {@link STEPS}.
   */
  render(values: { readonly messages: readonly unknown[] } & Readonly<Record<string, unknown>>): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...values })) environment.set(name, value);
    const steps = STEPS.other + STEPS.message * values.messages.length;
    const { value } = new BoundedInterpreter(environment, steps).run(this.template.parsed) as {
      readonly value: string;
    };
    return value;
  }
}

/** What `transformers` gives to every template. */
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message: string): never => {
    throw new Error(message);
  },
  range: (...bounds: [number, number?, number?]): number[] => rangeOf(...bounds),
  strftime_now: (format: string): string => new JinjaTemplate("{{ strftime_now(format) }}").render({ format }),
};

/** Python's `range`. */
function rangeOf(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= LONGEST_RANGE)) throw new Error(`range gives at most ${LONGEST_RANGE} numbers`); // a step of 0, or NaN, too
  return Array.from({ length }, (_, i) => start + i * step);
}
