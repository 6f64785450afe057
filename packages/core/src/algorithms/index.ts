import type { Backend, BackendSizes } from "../backend/backend.ts";
import { OptimizerOptionError } from "../errors.ts";
import { Adamw, type AdamwOptions, type AdamwSettings, adamwSettings, planAdamw } from "./adamw.ts";
import { Galore, type GaloreOptions, type GaloreSettings, galoreSettings, planGalore } from "./galore.ts";
import { Muon, type MuonOptions, type MuonSettings, muonSettings, planMuon } from "./muon.ts";
import { planSgd, Sgd, type SgdOptions, type SgdSettings, sgdSettings } from "./sgd.ts";
import { planSoap, Soap, type SoapOptions, type SoapSettings, soapSettings } from "./soap.ts";
import type { Place, RulePlan, Stepper } from "./stepper.ts";
import { type SumoOptions, type SumoSettings, sumoSettings } from "./sumo/options.ts";
import { planSumo } from "./sumo/plan.ts";
import { Sumo } from "./sumo/sumo.ts";

/** What a user writes; one word chooses the optimizer. */
export type OptimizerOptions = SumoOptions | AdamwOptions | MuonOptions | GaloreOptions | SoapOptions | SgdOptions;
/** The same with every default filled in. */
export type OptimizerSettings =
  | SumoSettings
  | AdamwSettings
  | MuonSettings
  | GaloreSettings
  | SoapSettings
  | SgdSettings;
export type OptimizerName = OptimizerOptions["optimizer"];

/** Optimizers that work on singular directions, which vectors do not have. */
export const needsMatrix = (optimizer: OptimizerName): boolean => optimizer !== "adamw" && optimizer !== "sgd";

/** Checks options and fills in defaults. @throws {OptimizerOptionError} */
export function settingsOf(options: OptimizerOptions): OptimizerSettings {
  switch (options.optimizer) {
    case "sumo":
      return sumoSettings(options);
    case "adamw":
      return adamwSettings(options);
    case "muon":
      return muonSettings(options);
    case "galore":
      return galoreSettings(options);
    case "soap":
      return soapSettings(options);
    case "sgd":
      return sgdSettings(options);
    default:
      throw new OptimizerOptionError(
        "optimizer",
        '"sumo", "adamw", "muon", "galore", "soap" or "sgd"',
        (options satisfies never as OptimizerOptions).optimizer,
      );
  }
}

/** What one matrix takes, before anything is allocated. */
export function planRule(rows: number, cols: number, settings: OptimizerSettings, sizes: BackendSizes): RulePlan {
  switch (settings.optimizer) {
    case "sumo":
      return planSumo(rows, cols, settings, sizes);
    case "adamw":
      return planAdamw(rows, cols, settings, sizes);
    case "muon":
      return planMuon(rows, cols, settings, sizes);
    case "galore":
      return planGalore(rows, cols, settings, sizes);
    case "soap":
      return planSoap(rows, cols, settings, sizes);
    case "sgd":
      return planSgd(rows, cols, settings, sizes);
  }
}

/** One matrix's optimizer, on state that was allocated as {@link planRule} says, and is zero. */
export function createStepper<T>(
  backend: Backend<T, never>,
  rows: number,
  cols: number,
  settings: OptimizerSettings,
  place: Place,
  state: Readonly<Record<string, T>>,
): Stepper<T> {
  switch (settings.optimizer) {
    case "sumo":
      return new Sumo(backend, rows, cols, settings, place, state as Record<"basis" | "moment", T>);
    case "adamw":
      return new Adamw(backend, rows, cols, settings, state as Record<"first" | "second", T>);
    case "muon":
      return new Muon(backend, rows, cols, settings, place, state);
    case "galore":
      return new Galore(backend, rows, cols, settings, place, state as Record<"basis" | "first" | "second", T>);
    case "soap":
      return new Soap(backend, rows, cols, settings, place, state as ConstructorParameters<typeof Soap<T>>[5]);
    case "sgd":
      return new Sgd(backend, rows, cols, settings, state);
  }
}
