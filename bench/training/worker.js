import { parentPort } from "node:worker_threads";
import { joinCrew } from "@sumo/llama";

parentPort.on("message", joinCrew);
