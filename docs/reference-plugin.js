/**
 * TypeDoc plugin of the reference: groups what a package exports by the folder that it comes from, calls modules as they are imported, and keeps
 * the names of errors, which TypeDoc drops with the braces of `@throws {Name}`.
 */
import { readFileSync } from "node:fs";
import { Comment, CommentTag, Converter, ReflectionKind } from "typedoc";
import ts from "typescript";

/** Titles of the folders whose name does not say what a user looks for. */
const TITLES = {
  "linalg/eig": "Eigenvalues",
  "linalg/eigh": "Eigenvalues of symmetric matrices",
  "linalg/engine": "Engines",
  "linalg/factors": "Factorizations that solve again",
  "linalg/from-svd": "Least squares, rank and subspaces",
  "linalg/functions": "Functions of matrices",
  "linalg/matrix": "Matrices and vectors",
  "linalg/operators": "Operators given as a function",
  "linalg/polar": "Polar factors",
  "linalg/qr": "QR factorization",
  "linalg/sketch": "Random numbers and sketches",
  "linalg/solve": "Linear systems",
  "linalg/svd": "Singular value decomposition",
};

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    const { project } = context;
    for (const module of project.children ?? []) {
      for (const reflection of module.children ?? []) {
        categorize(reflection, context.getSymbolFromReflection(reflection)?.declarations?.[0]);
      }
      module.name = importedAs(module.name);
      module.comment ??= new Comment([{ kind: "text", text: descriptionOf(module.name) }]);
    }
    for (const reflection of Object.values(project.reflections)) describeErrors(reflection, context);
  });
}

/** `linalg/src/native` is imported as `@sumo/linalg/native`. */
function importedAs(name) {
  return `@sumo/${name
    .replace(/\/src\b/, "")
    .replace(/\/index$/, "")
    .replace("backend/backend", "backend")}`;
}

/** What the package's manifest says that it is. */
function descriptionOf(name) {
  const manifest = new URL(`../packages/${name.split("/")[1]}/package.json`, import.meta.url);
  return `${JSON.parse(readFileSync(manifest, "utf8")).description}.`;
}

function categorize(reflection, declaration) {
  const place = /packages\/([^/]+)\/src\/(.+)$/.exec(declaration?.getSourceFile().fileName ?? "");
  if (place === null) return;
  const [, name, path] = place;
  const folder = path.includes("/") ? path.split("/")[0] : "";
  const title = isError(reflection) ? "Errors" : (TITLES[`${name}/${folder}`] ?? words(folder));
  if (title === "") return;
  for (const owner of reflection.signatures ?? [reflection]) {
    owner.comment ??= new Comment();
    owner.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: title }]));
  }
}

const isError = ({ kind, name }) => kind === ReflectionKind.Class && name.endsWith("Error");
const words = (folder) => folder.charAt(0).toUpperCase() + folder.slice(1).replaceAll("-", " ");

/** Puts each error's name before when it is thrown, and accuracy and cost, which follow it, into remarks of their own. */
function describeErrors(reflection, context) {
  const tags = reflection.comment?.blockTags ?? [];
  const thrown = tags.filter(({ tag }) => tag === "@throws");
  if (thrown.length === 0) return;
  const owner =
    context.getSymbolFromReflection(reflection.parent ?? reflection) ?? context.getSymbolFromReflection(reflection);
  const names = (owner?.declarations ?? [])
    .flatMap((declaration) => ts.getJSDocTags(declaration))
    .filter(({ tagName }) => tagName.text === "throws")
    .map(({ typeExpression }) => typeExpression?.type.getText());
  const remarks = [];
  for (const [i, { content }] of thrown.entries()) {
    const last = content.at(-1);
    if (last !== undefined) {
      const at = last.text.search(/^(Accuracy|Cost):/m);
      if (at >= 0) {
        remarks.push(last.text.slice(at).replace(/\n(?=Cost:)/, "\n\n"));
        last.text = last.text.slice(0, at).trimEnd();
      }
    }
    if (names[i] !== undefined) content.unshift({ kind: "code", text: `\`${names[i]}\`` }, { kind: "text", text: " " });
  }
  if (remarks.length > 0) {
    const content = [{ kind: "text", text: remarks.join("\n\n") }];
    tags.splice(tags.indexOf(thrown[0]), 0, new CommentTag("@remarks", content));
  }
}
