import { type Collective, createOptimizer, type Group, linalgBackend } from "@sumo/core";

/** Shapes with sides beyond one block of the products, and a bias. */
const SHAPES = { w: [300, 40], wide: [24, 530], bias: [40] } as const;
type Name = keyof typeof SHAPES;
const NAMES = Object.keys(SHAPES) as Name[];
const RANK = 8;
const STEPS = 5;

const sumo = { optimizer: "sumo", lr: 0.02, rank: RANK } as const;

export const OPTIMIZERS: Readonly<Record<string, Group>> = {
  projected: { ...sumo, residual: "off", refresh: { every: 3, stagger: false } },
  // Projections whose sums run over several blocks of a product.
  long: { ...sumo, residual: "off", side: "long", refresh: { every: 3 } },
  cautious: { ...sumo, residual: "off", cautious: true, weightDecay: 0.1, refresh: { every: 3 } },
  whole: { ...sumo, residual: "raw", refresh: { every: 3 } },
  fira: { ...sumo, residual: "fira" },
  joint: { ...sumo, residual: "joint" },
  paper: { ...sumo, preset: "paper" },
  bits: { ...sumo, residual: "off", stateBits: 8 },
  // What looks at the whole gradient: the share that the subspace captures, and the rank that it needs.
  capture: { ...sumo, residual: "off", refresh: { captureBelow: 0.3, minGap: 1 } },
  adaptive: { ...sumo, residual: "off", rank: { min: 2, max: RANK, energy: 0.9 }, refresh: { every: 3 } },
  galore: { optimizer: "galore", lr: 0.02, rank: RANK },
  muon: { optimizer: "muon", lr: 0.02 },
  soap: { optimizer: "soap", lr: 0.02 },
  sgd: { optimizer: "sgd", lr: 0.02 },
  adamw: { optimizer: "adamw", lr: 0.02 },
};

/** Optimizers whose checkpoints are compared: with projections, with a rank that changes, packed, with whole gradients. */
export const CHECKPOINTED = ["projected", "adaptive", "bits", "adamw"] as const;

const random = (name: Name, seed: number): Float32Array => {
  const length = SHAPES[name].reduce((product: number, side: number) => product * side, 1);
  return Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * (seed + 1.37) + seed * seed));
};

export const gradientOf = (name: Name, step: number, rank: number): Float32Array => random(name, 10 * step + rank + 1);

export const parameters = () => NAMES.map((name) => ({ name, shape: SHAPES[name], data: random(name, 0) }));

export const EMBEDDING = [500, 16] as const;
/** Tokens of a rank's batch. */
export const TOKENS = 6;

/** The gradient of an embedding of a batch of tokens, some of which other ranks have too; of none on rank 1 in step 1. Some numbers are −0. */
export function embeddingGradientOf(step: number, rank: number): Float32Array {
  const [rows, cols] = EMBEDDING;
  const gradient = new Float32Array(rows * cols);
  if (step === 1 && rank === 1) return gradient;
  for (let token = 0; token < TOKENS; token++) {
    const row = (37 * step + 3 * rank + 11 * token * token) % rows;
    for (let i = 0; i < cols; i++) gradient[row * cols + i] = i === 2 ? -0 : Math.sin(row + i + 5 * rank + step);
  }
  return gradient;
}

/** The weights of the embedding after four steps of one process that accumulates the gradients of the ranks, whole. */
export function trainEmbeddingAlone(ranks: number): Float32Array {
  const data = new Float32Array(EMBEDDING[0] * EMBEDDING[1]);
  const run = createOptimizer([{ name: "embedding", shape: EMBEDDING, data }], OPTIMIZERS["adamw"]!, {
    microBatches: ranks,
  });
  for (let step = 0; step < 4; step++) {
    for (let rank = 0; rank < ranks; rank++) run.stepParameter("embedding", embeddingGradientOf(step, rank));
  }
  return data;
}

interface RankOptions {
  /** The gradients of a step that this rank accumulates. Default: the one with its number. */
  readonly share?: readonly number[];
  /** Whether all steps are started before one is waited for. */
  readonly startsFirst?: boolean;
  readonly shardState?: boolean;
  /** Whether the backend gives no access to the elements of its matrices, as on a device. */
  readonly onDevice?: boolean;
}

/** A run on this rank. Returns all weights, one after another. */
export function trainOnRank(
  optimizer: Group,
  collective: Collective,
  { share = [collective.rank], startsFirst = false, shardState = false, onDevice = false }: RankOptions = {},
): Float32Array {
  const trained = parameters();
  const backend = onDevice ? Object.assign(linalgBackend(), { elements: undefined }) : linalgBackend();
  const run = createOptimizer(trained, optimizer, { backend, collective, microBatches: share.length, shardState });
  for (let step = 0; step < STEPS; step++) {
    const gradients = NAMES.flatMap((name) => share.map((i) => [name, gradientOf(name, step, i)] as const));
    if (startsFirst) for (const each of gradients.map((args) => run.stepParameterStart(...args))) each.wait();
    else for (const args of gradients) run.stepParameter(...args);
  }
  return concatenated(trained.map(({ data }) => data));
}

/** A run on this rank whose gradients are limited to a joint norm. Returns as {@link trainOnRank}. */
export function trainClippedOnRank(optimizer: Group, collective: Collective): Float32Array {
  const trained = parameters();
  const run = createOptimizer(trained, optimizer, { collective, clip: CLIP });
  for (let step = 0; step < STEPS; step++) run.step(gradientsOf(step, collective.rank));
  return concatenated(trained.map(({ data }) => data));
}

/** The same run in one process. */
export function trainClippedAlone(optimizer: Group, ranks: number): Float32Array {
  const trained = parameters();
  const run = createOptimizer(trained, optimizer, { microBatches: ranks, clip: CLIP });
  for (let step = 0; step < STEPS; step++) {
    for (let rank = 0; rank < ranks; rank++) run.step(gradientsOf(step, rank));
  }
  return concatenated(trained.map(({ data }) => data));
}

/** Below the norm of any mean of these gradients. */
const CLIP = 10;

export const gradientsOf = (step: number, rank: number): Record<string, Float32Array> =>
  Object.fromEntries(NAMES.map((name) => [name, gradientOf(name, step, rank)]));

/** The same run in one process, which accumulates the ranks' gradients as micro-batches. */
export function trainAlone(optimizer: Group, ranks: number): Float32Array {
  const trained = parameters();
  const run = createOptimizer(trained, optimizer, { microBatches: ranks });
  for (let step = 0; step < STEPS; step++) {
    for (const name of NAMES) {
      for (let rank = 0; rank < ranks; rank++) run.stepParameter(name, gradientOf(name, step, rank));
    }
  }
  return concatenated(trained.map(({ data }) => data));
}

const concatenated = (arrays: readonly Float32Array[]) => Float32Array.from(arrays.flatMap((array) => [...array]));
