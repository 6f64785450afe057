import { trainEverywhere } from "./train-everywhere.ts";

trainEverywhere().then((outcome) => postMessage(outcome));
