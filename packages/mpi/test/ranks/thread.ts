import { parentPort, workerData } from "node:worker_threads";
import { joinThreads } from "../../src/index.ts";
import { report } from "../scenarios.ts";

const { seat, scenario } = workerData;
parentPort!.postMessage(report(scenario, joinThreads(seat)));
