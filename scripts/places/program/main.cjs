const { createOptimizer } = require("@sumo/core");

if (typeof createOptimizer !== "function") throw new Error("no createOptimizer");
import("./digest.mjs").then(({ digest }) => console.log(digest()));
