import { createWasmEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../backend/linalg-backend.ts";
import { OptimizerError } from "../errors.ts";
import type { Group } from "../optimizer/groups.ts";
import { createOptimizer } from "../optimizer/optimizer.ts";
import { flat, random } from "../testing/dense.ts";
import { cosine } from "../wrappers/schedule.ts";
import { crc32 } from "./crc32.ts";
import { bytesFile } from "./random-access-file.ts";
import { readSafetensors, type TensorFile, writeSafetensors } from "./safetensors.ts";
import { bytesOf } from "./tensor.ts";

const SHAPES: Readonly<Record<string, readonly number[]>> = { wide: [12, 30], tall: [30, 12], norm: [30] };
const lr = cosine({ peak: 0.02, warmup: 2, total: 12 });
const OPTIMIZERS: readonly Group[] = [
  { optimizer: "sumo", lr, rank: 3, refresh: { every: 4 } },
  { optimizer: "sumo", lr, rank: 3, refresh: { captureBelow: 0.9, minGap: 2 }, residual: "off", weightDecay: 0.1 },
  { optimizer: "sumo", lr, rank: { energy: 0.6 }, refresh: { every: 3 } },
  { optimizer: "sumo", lr, rank: 3, refresh: { every: 4 }, stateBits: 8 },
  { optimizer: "sumo", preset: "paper", lr, rank: 3, refresh: { every: 4 } },
  { optimizer: "sumo", lr, rank: 3, residual: "joint", orthogonalize: "muon", seed: 5 },
  { optimizer: "adamw", lr },
  { optimizer: "muon", lr },
  { optimizer: "muon", lr, momentum: 0 },
  { optimizer: "galore", lr, rank: 3, refresh: { every: 4 } },
  { optimizer: "soap", lr, refresh: { every: 3 } },
  { optimizer: "sgd", lr, momentum: 0.8 },
];
const named = OPTIMIZERS.map((options) => [JSON.stringify(options), options] as const);

function create(options: Group | readonly Group[], shapes = SHAPES) {
  const parameters = Object.entries(shapes).map(([name, shape], i) => ({
    name,
    shape,
    data: flat(random(1, count(shape), i + 1)),
  }));
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 23 }));
  return { parameters, optimizer: createOptimizer(parameters, options, { backend }) };
}
const count = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
const gradientsAt = (t: number) =>
  Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape], i) => [name, flat(random(1, count(shape), 31 * t + i + 7))]),
  );
const bits = ({ parameters, optimizer }: ReturnType<typeof create>) => [
  ...parameters.map(({ data }) => Buffer.from(bytesOf(data)).toString("hex")),
  Buffer.from(optimizer.save()).toString("hex"),
];

test.each(named)("%s resumes bit for bit after any interruption", (_, options) => {
  const straight = create(options);
  for (let t = 0; t < 11; t++) straight.optimizer.step(gradientsAt(t));
  for (const stops of [[0], [1], [5], [1, 2, 3, 7, 10]]) {
    let current = create(options);
    for (let t = 0; t < 11; t++) {
      if (stops.includes(t)) {
        const resumed = create(options);
        resumed.parameters.forEach(({ data }, i) => {
          data.set(current.parameters[i]!.data);
        });
        resumed.optimizer.load(current.optimizer.save());
        current = resumed;
      }
      current.optimizer.step(gradientsAt(t));
    }
    expect(bits(current)).toEqual(bits(straight));
  }
});

test.each(named)("%s: pieces are the file, and a file that is read in pieces restores the same bits", (_, options) => {
  const made = create(options);
  for (let t = 0; t < 5; t++) made.optimizer.step(gradientsAt(t));
  const saved = made.optimizer.save();
  const pieces = [...made.optimizer.savePieces()];
  expect(Buffer.concat(pieces).equals(saved)).toBe(true);
  const largest = Math.max(...Object.values(readSafetensors(saved).tensors).map(({ data }) => data.byteLength));
  expect(Math.max(...pieces.slice(1).map(({ length }) => length))).toBe(largest);

  const resumed = create(options);
  resumed.parameters.forEach(({ data }, i) => {
    data.set(made.parameters[i]!.data);
  });
  let longest = 0;
  const file = bytesFile(saved);
  const read = (into: Uint8Array, position: number): void => {
    if (position > 8) longest = Math.max(longest, into.length); // after the header
    file.read(into, position);
  };
  resumed.optimizer.load({ size: saved.length, read });
  expect(longest).toBe(largest);
  expect(bits(resumed)).toEqual(bits(made));
});

test("a file that fails while it is checked changes nothing", () => {
  const made = create(OPTIMIZERS[0]!);
  made.optimizer.step(gradientsAt(0));
  const before = bits(made);
  const { size, read } = bytesFile(made.optimizer.save());
  const failing = (into: Uint8Array, position: number): void => {
    if (position > size - 400) throw new Error("the disk failed");
    read(into, position);
  };
  expect(() => made.optimizer.load({ size, read: failing })).toThrow("the disk failed");
  expect(bits(made)).toEqual(before);
});

describe("a file that does not belong is refused, and nothing changes", () => {
  const options = OPTIMIZERS[0]!;
  const saved = (() => {
    const made = create(options);
    for (let t = 0; t < 5; t++) made.optimizer.step(gradientsAt(t));
    return made.optimizer.save();
  })();

  function expectRefusal(
    bytes: Uint8Array,
    into: Group | readonly Group[] = options,
    shapes = SHAPES,
    message: string | RegExp = /./,
  ): void {
    const made = create(into, shapes);
    const gradients = gradientsAt(0);
    made.optimizer.step(
      Object.fromEntries(
        Object.keys(shapes)
          .filter((name) => SHAPES[name]?.join() === shapes[name]!.join())
          .map((name) => [name, gradients[name]!]),
      ),
    );
    const before = bits(made);
    expect(() => made.optimizer.load(bytes)).toThrow(OptimizerError);
    expect(() => made.optimizer.load(bytes)).toThrow(message);
    expect(bits(made)).toEqual(before);
  }

  test("cut short anywhere", () => {
    for (let length = 0; length < saved.length; length += 97) expectRefusal(saved.subarray(0, length));
  });

  test("any flipped bit", () => {
    for (let at = 0; at < saved.length; at += 53) {
      const damaged = saved.slice();
      damaged[at]! ^= 1 << (at % 8);
      // A space that pads the header may become other white space, the only flip that is harmless.
      const pads = saved[at] === 0x20 && damaged[at] === 0x0a;
      if (!pads) expectRefusal(damaged);
    }
  });

  test("another program's safetensors", () => {
    expectRefusal(
      writeSafetensors({ w: { shape: [2], data: new Float32Array(2) } }),
      options,
      SHAPES,
      "format unknown",
    );
  });

  test.each<[string, Group | readonly Group[], string]>([
    ["another optimizer", { optimizer: "muon", lr }, "optimizer"],
    ["another rank", { ...options, rank: 4 } as Group, "rank 3, this optimizer has 4"],
    ["another sketch", { ...options, sketch: { oversampling: 3 } } as Group, "sketch"],
    ["another seed", { ...options, seed: 1 } as Group, "seed"],
  ])("%s", (_, into, message) => {
    expectRefusal(saved, into, SHAPES, message);
  });

  test("other parameters", () => {
    expectRefusal(saved, options, { wide: [12, 30], tall: [30, 12] }, "it also holds norm");
    expectRefusal(saved, options, { ...SHAPES, more: [12, 30] }, "it lacks more");
    expectRefusal(saved, options, { ...SHAPES, wide: [12, 31] }, "wide/moment: expected float32 [3, 31]");
  });

  test("another learning rate is welcome: a finished run goes on", () => {
    const made = create({ ...options, lr: 0.5 } as Group);
    made.optimizer.load(saved);
    expect(made.optimizer.report().parameters[0]!.step).toBe(5);
  });

  /** The file with another JSON part, and a valid checksum. */
  const rewritten = (change: (state: Record<string, unknown>) => void): Uint8Array => {
    const { tensors, metadata } = readSafetensors(saved) as TensorFile;
    const state = JSON.parse(metadata["state"]!);
    change(state);
    return signed(tensors, JSON.stringify(state));
  };
  const signed = (tensors: TensorFile["tensors"], state: string): Uint8Array => {
    let crc = crc32(new TextEncoder().encode(state));
    for (const name of Object.keys(tensors).sort()) crc = crc32(bytesOf(tensors[name]!.data), crc);
    const checksum = crc.toString(16).padStart(8, "0");
    return writeSafetensors(tensors, { format: "sumo-optimizer", state, crc32: checksum });
  };

  test("a version from the future", () => {
    expectRefusal(
      rewritten((state) => Object.assign(state, { version: 6 })),
      options,
      SHAPES,
      "version 1 to 5, got 6",
    );
  });

  test("a state of another form", () => {
    const { tensors } = readSafetensors(saved);
    for (const state of ["null", "[]", "{}", '{"version":3}', '{"version":3,"matrices":{"wide":1},"counters":{}}']) {
      expectRefusal(signed(tensors, state), options, SHAPES, "not an optimizer's");
    }
    const uncounted = rewritten((state) => {
      state["counters"] = { wide: {}, tall: {}, norm: {} };
    });
    expectRefusal(uncounted, options, SHAPES, "expected a count of steps, got undefined");
  });

  test("facts that cannot be", () => {
    const change = (facts: object) => (state: Record<string, unknown>) => {
      const matrices = state["matrices"] as Record<string, { facts: object }>;
      Object.assign(matrices["wide"]!.facts, facts);
    };
    for (const facts of [{ step: -1 }, { phase: "warm" }, { rank: 99 }, { lastNorm: null }, { refreshedAt: 77 }]) {
      expectRefusal(rewritten(change(facts)), options, SHAPES, "wide does not fit");
    }
  });

  test("version 1, which did not note the rank, is brought up to date", () => {
    const old = rewritten((state) => {
      state["version"] = 1;
      for (const matrix of Object.values(state["matrices"] as Record<string, Record<"facts" | "settings", object>>)) {
        matrix.facts = { ...matrix.facts, rank: undefined };
        const { sketch, ...settings } = matrix.settings as { sketch?: { start: string } };
        const { start: rangeFinder, ...flat } = sketch ?? {};
        matrix.settings = { ...settings, ...flat, ...(rangeFinder && { rangeFinder }) };
        matrix.settings = { ...matrix.settings, stateBits: undefined };
      }
    });
    const [migrated, current] = [create(options), create(options)];
    migrated.optimizer.load(old);
    current.optimizer.load(saved);
    for (const made of [migrated, current]) made.optimizer.step(gradientsAt(5));
    expect(bits(migrated)).toEqual(bits(current));
  });
});

test("crc32 of the standard check string", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});
