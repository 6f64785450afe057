// Runs one program with the packages as they are published in every place of `places/places.js`, or in those named as arguments: the bits are the
// same everywhere. Takes some minutes, and the registry.
import { inProject } from "./packed-project.js";
import { places, runPlaces } from "./places/places.js";

const names = process.argv.slice(2);
const unknown = names.find((name) => places.every((place) => place.name !== name));
if (unknown !== undefined)
  throw new Error(`no place is called ${unknown}; there are ${places.map(({ name }) => name).join(", ")}`);
const chosen = names.length === 0 ? places : [places[0], ...places.filter(({ name }) => names.includes(name))];

await inProject(
  ["linalg", "core", "llama"],
  ["esbuild@0.28", ...chosen.flatMap(({ install = [] }) => install)],
  (project) => runPlaces(project, chosen),
);
