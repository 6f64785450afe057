import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, MPICH, mpirun, OPEN_MPI } from "@sumo/testing/mpirun";
import { afterAll, expect, test } from "vitest";
import { bundle } from "./bundle.ts";

const folder = mkdtempSync(join(import.meta.dirname, "document-"));
afterAll(() => rmSync(folder, { recursive: true }));

const installed = [OPEN_MPI, MPICH].find(isInstalled);
const repository = join(import.meta.dirname, "..", "..", "..");

test.skipIf(installed === undefined).each([
  ["packages/mpi/README.md", "ts", "2 ranks, equal weights: true\n"],
  ["docs/guide/mpi.md", "js", "trained on 2 ranks\n"],
])("the first program of %s runs on two ranks", async (document, language, printed) => {
  const text = readFileSync(join(repository, document), "utf8");
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(text)!;
  const file = join(folder, `${language}.ts`);
  writeFileSync(file, code!);
  const result = await mpirun(installed!, 2, await bundle(file));
  expect(result).toMatchObject({ code: 0, stdout: printed });
});
