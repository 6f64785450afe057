import { type Group, plan } from "@sumo/core";
import { llamaConfig, parameterShapes } from "@sumo/llama";

/** A model like those of the paper's table 3, and table 3's memory (weights and optimizer, in units of 1e9 bytes). */
export interface Preset {
  readonly name: string;
  readonly dim: number;
  readonly hidden: number;
  readonly heads: number;
  readonly layers: number;
  readonly rank: number;
  readonly paper: Readonly<Partial<Record<string, number>>>;
}

export const presets: readonly Preset[] = [
  {
    name: "LLaMA 60M",
    dim: 512,
    hidden: 1376,
    heads: 8,
    layers: 8,
    rank: 128,
    paper: { AdamW: 0.36, GaLore: 0.24, SUMO: 0.23 },
  },
  {
    name: "LLaMA 130M",
    dim: 768,
    hidden: 2048,
    heads: 12,
    layers: 12,
    rank: 256,
    paper: { AdamW: 0.76, GaLore: 0.52, SUMO: 0.51 },
  },
  {
    name: "LLaMA 350M",
    dim: 1024,
    hidden: 2736,
    heads: 16,
    layers: 24,
    rank: 256,
    paper: { AdamW: 2.06, GaLore: 1.22, SUMO: 1.16 },
  },
  {
    name: "LLaMA 1B",
    dim: 2048,
    hidden: 5461,
    heads: 32,
    layers: 24,
    rank: 512,
    paper: { AdamW: 7.8, GaLore: 4.38, SUMO: 3.84 },
  },
  { name: "LLaMA 7B", dim: 4096, hidden: 11008, heads: 32, layers: 32, rank: 1024, paper: {} },
];

/** Memory of an optimizer for a model. */
export interface MemoryRow {
  readonly optimizer: string;
  /** Numbers of its state for one m × n matrix, m ≥ n. */
  readonly formula: string;
  /** Numbers of state for the whole model. */
  readonly stateFloats: number;
  readonly weightFloats: number;
  /** Table 3's figure in 1e9 bytes. */
  readonly paper: number | undefined;
}

/**
 * Computes the memory of each optimizer on hidden matrices, with AdamW on embeddings, norms and head. Rows are results of `plan`, except for
 * LoRA's: r (m + n) more weights a matrix, and AdamW on those.
 */
export function memoryOf({ dim, hidden, heads, layers, paper }: Preset, rank: number): readonly MemoryRow[] {
  const shapes = parameterShapes(llamaConfig({ vocabSize: 32_000, dim, hidden, heads, layers, context: 1024 }));
  const matrices = shapes.filter(({ kind }) => kind === "hidden");
  const names = new Set(matrices.map(({ name }) => name));
  const lr = 1e-3;
  const floats = (group: Group): number =>
    plan(shapes, [
      { ...group, match: ({ name }) => names.has(name) },
      { optimizer: "adamw", lr },
    ]).stateFloats;

  const weightFloats = shapes.reduce((sum, { shape }) => sum + count(shape), 0);
  const hiddenFloats = matrices.reduce((sum, { shape }) => sum + count(shape), 0);
  const adapters = matrices.reduce((sum, { shape }) => sum + rank * shape.reduce((m, n) => m + n), 0);
  const adamw = floats({ optimizer: "adamw", lr });
  const row = (optimizer: string, formula: string, stateFloats: number, extraWeights = 0): MemoryRow => ({
    optimizer,
    formula,
    stateFloats,
    weightFloats: weightFloats + extraWeights,
    paper: paper[optimizer],
  });
  return [
    row("AdamW", "2mn", adamw),
    row("Muon", "mn", floats({ optimizer: "muon", lr })),
    row("GaLore", "r (2m + n)", floats({ optimizer: "galore", lr, rank })),
    row("LoRA", "2r (m + n)", adamw - 2 * hiddenFloats + 2 * adapters, adapters),
    row("SUMO", "r (m + n)", floats({ optimizer: "sumo", lr, rank })),
  ];
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
