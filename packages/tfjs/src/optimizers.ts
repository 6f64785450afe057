import type {
  AdamwOptions,
  GaloreOptions,
  LearningRate,
  MuonOptions,
  OptimizerOptions,
  Orthogonalize,
  Scale,
  SumoOptions,
} from "@sumo/core";
import * as tf from "@tensorflow/tfjs-core";
import type { PolarPlace } from "./backend/tfjs-backend.ts";
import { configOf, type GroupingOptions, type StepOptions } from "./config.ts";
import { CoreOptimizer } from "./core-optimizer.ts";
import type { RoleRule } from "./roles.ts";

/**
 * Orthogonalization of update directions: exact on the host, approximate on the device, the one that suits the backend (`"auto"`), or a
 * polynomial iteration of core.
 */
export type TfjsOrthogonalize = PolarPlace | Orthogonalize;

/** Options of core's SUMO, and its variables. `scale` is `"adam"` by default, so that a rate of `tf.train.adam` carries over. */
export interface SumoConfig extends Omit<SumoOptions, "optimizer" | "orthogonalize">, GroupingOptions, StepOptions {
  /** Default `"auto"`. */
  readonly orthogonalize?: TfjsOrthogonalize;
}

/** Options of core's Muon, and its variables. `scale` is `"adam"` by default, so that a rate of `tf.train.adam` carries over. */
export interface MuonConfig extends Omit<MuonOptions, "optimizer" | "orthogonalize">, GroupingOptions, StepOptions {
  /** Default `"muon"`: five Newton–Schulz iterations with Jordan's coefficients. */
  readonly orthogonalize?: TfjsOrthogonalize;
}

/** Options of core's GaLore, and its variables. */
export interface GaLoreConfig extends Omit<GaloreOptions, "optimizer">, GroupingOptions, StepOptions {}

/** Options of core's AdamW, for all variables. */
export interface AdamWConfig extends Omit<AdamwOptions, "optimizer">, StepOptions {}

/**
 * SUMO for hidden matrices, AdamW for all other variables.
 *
 * @throws {OptimizerOptionError} for an option that does not exist or is out of range.
 *
 * @example
 * model.compile({ optimizer: new SumoOptimizer({ lr: 0.01, rank: 8 }), loss: "categoricalCrossentropy" });
 */
export class SumoOptimizer extends CoreOptimizer {
  static get className(): string {
    return "SumoOptimizer";
  }

  /** @param given - Options, or the learning rate alone. */
  constructor(given: SumoConfig | LearningRate) {
    const config = configOf("sumo", given);
    const { orthogonalize = "auto", ...rest } = config;
    const { place, core } = placed(orthogonalize);
    super(config, matrixRule({ optimizer: "sumo", ...scaled(rest), orthogonalize: core }), place);
  }
}

/** Muon for hidden matrices, AdamW for all other variables. @throws {OptimizerOptionError} */
export class MuonOptimizer extends CoreOptimizer {
  static get className(): string {
    return "MuonOptimizer";
  }

  /** @param given - Options, or the learning rate alone. */
  constructor(given: MuonConfig | LearningRate) {
    const config = configOf("muon", given);
    const { orthogonalize = "muon", ...rest } = config;
    const { place, core } = placed(orthogonalize);
    super(config, matrixRule({ optimizer: "muon", ...scaled(rest), orthogonalize: core }), place);
  }
}

/** GaLore with Adam for hidden matrices, AdamW for all other variables. @throws {OptimizerOptionError} */
export class GaLoreOptimizer extends CoreOptimizer {
  static get className(): string {
    return "GaLoreOptimizer";
  }

  /** @param given - Options, or the learning rate alone. */
  constructor(given: GaLoreConfig | LearningRate) {
    const config = configOf("galore", given);
    super(config, matrixRule({ optimizer: "galore", ...config }));
  }
}

/** AdamW for all variables. @throws {OptimizerOptionError} */
export class AdamWOptimizer extends CoreOptimizer {
  static get className(): string {
    return "AdamWOptimizer";
  }

  /** @param given - Options, or the learning rate alone. */
  constructor(given: AdamWConfig | LearningRate) {
    const config = configOf<AdamWConfig>("adamw", given);
    const { onNonFinite: _, microBatches: __, clip: ___, ...options } = config;
    super(config, (lr) => ({ main: { optimizer: "adamw", ...options, lr }, others: undefined, hidden: "auto" }));
  }
}

for (const optimizer of [SumoOptimizer, MuonOptimizer, GaLoreOptimizer, AdamWOptimizer]) {
  tf.serialization.registerClass(optimizer as unknown as tf.serialization.SerializableConstructor<CoreOptimizer>);
}

/** Adam's scale, unless the options or the paper's preset have another. */
function scaled<C extends { readonly scale?: Scale; readonly preset?: SumoOptions["preset"] }>(config: C): C {
  return config.preset === "paper" ? config : { scale: "adam", ...config };
}

type MatrixOptions = Exclude<OptimizerOptions, AdamwOptions> & GroupingOptions & StepOptions;

/** `options` for hidden matrices, AdamW for the rest. */
function matrixRule({
  hidden = "auto",
  others,
  onNonFinite: _,
  microBatches: __,
  clip: ___,
  ...main
}: MatrixOptions): (lr: LearningRate) => RoleRule {
  return (lr) => ({ main: { ...main, lr }, others: { optimizer: "adamw", lr, ...others }, hidden });
}

/** Passes "exact" to core where the backend decides, so that saved state is valid on every backend. */
function placed(orthogonalize: TfjsOrthogonalize): { readonly place: PolarPlace; readonly core: Orthogonalize } {
  if (orthogonalize === "auto" || orthogonalize === "device" || orthogonalize === "exact") {
    return { place: orthogonalize, core: "exact" };
  }
  return { place: "exact", core: orthogonalize };
}
