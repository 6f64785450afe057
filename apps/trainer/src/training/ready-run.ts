import type { Tokenizer, Trainer, TrainOptions } from "@sumo/training";
import type { Text } from "@sumo/training/text";

/** A run that is ready to train: its folder, its text and its trainer. */
export interface ReadyRun {
  readonly folder: string;
  readonly text: Text;
  readonly options: TrainOptions;
  readonly tokenizer: Tokenizer;
  readonly trainer: Trainer;
  readonly threads: number;
}
