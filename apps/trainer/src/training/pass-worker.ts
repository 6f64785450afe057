// A worker thread that computes its share of forward and backward passes.
import { parentPort } from "node:worker_threads";
import { joinCrew } from "@sumo/llama";

parentPort?.on("message", joinCrew);
