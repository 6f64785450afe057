import { parentPort } from "node:worker_threads";
import { joinCrew } from "../src/index.ts";

parentPort?.on("message", joinCrew);
