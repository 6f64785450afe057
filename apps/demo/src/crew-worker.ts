import { joinCrew } from "@sumo/llama";

/** A worker that takes its share of a training worker's passes. */

addEventListener("message", ({ data }) => joinCrew(data));
