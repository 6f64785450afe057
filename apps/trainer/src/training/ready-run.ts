import type { Trainer } from "@sumo/training";
import type { Text } from "@sumo/training/text";
import type { StoredRun } from "../run/run-folder.ts";
import type { RunLock } from "../run/run-lock.ts";
import type { Ranks } from "./ranks.ts";

/** A run that is ready to train: its folder, which is locked, and its trainer. */
export interface ReadyRun extends StoredRun {
  readonly folder: string;
  readonly lock: RunLock;
  readonly kind: Text["kind"];
  /** One line on the data. */
  readonly description: string;
  readonly trainer: Trainer;
  readonly threads: number;
  readonly ranks: Ranks;
  /** Whether to show in the end where the time of its steps went. */
  readonly profile: boolean;
}
