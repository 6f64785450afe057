import { joinCrew } from "../src/index.ts";

addEventListener("message", ({ data }) => joinCrew(data));
