import { joinCrew } from "@sumo/llama";

// Entry of a worker that computes its share of a training worker's forward and backward passes.

addEventListener("message", ({ data }) => joinCrew(data));
