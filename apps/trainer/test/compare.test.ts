import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { algorithms } from "@sumo/core";
import { expect, test } from "vitest";
import { losses, run, start, TINY, workplace } from "./command-line.ts";

const WORDS = ["--data", "text.txt", ...TINY, "--steps", "12", "--eval-every", "4"];

test("a comparison has every optimizer and the control in its table, and leaves a page and numbers", async () => {
  const folder = workplace();
  const { code, out, err } = await run(
    folder,
    ...WORDS,
    "--compare",
    "sumo,adamw,muon,galore",
    "--seeds",
    "2",
    "--rank",
    "3",
    "--name",
    "duel",
  );
  expect(err).toBe("");
  expect(code).toBe(0);
  const table = out.slice(out.indexOf("┌"));
  for (const label of ["sumo", "adamw", "muon ", "galore", "muon without momentum"])
    expect(table).toMatch(new RegExp(`│ ${label} .*±`));
  expect(table).toMatch(/muon without momentum.* 0\.0 kB/);
  const home = join(folder, "runs", "duel");
  expect(readdirSync(home).sort()).toEqual(["report.html", "trials.csv"]);
  const page = readFileSync(join(home, "report.html"), "utf8");
  expect(page).not.toMatch(/<script|<link|https?:|url\(|@import/);
  expect(page.match(/<svg /g)).toHaveLength(2);
  const [heading, ...rows] = readFileSync(join(home, "trials.csv"), "utf8").trimEnd().split("\n");
  expect(heading).toBe("optimizer,lr,seed,step,seconds,loss,validation,final_nats_per_byte,tokens_per_second");
  expect(rows).toHaveLength(5 * 2 * 14);
  // The same batches from the same weights: all of a seed begin alike, and are what a run of that optimizer is.
  const first = rows
    .filter((row) => row.split(",")[3] === "1" && row.split(",")[2] === "0")
    .map((row) => row.split(",")[5]);
  expect(new Set(first).size).toBe(1);
  await run(folder, ...WORDS, "--optimizer", "adamw", "--seed", "1", "--name", "alone");
  const alone = losses(folder, "alone").flatMap(({ loss }) => loss ?? []);
  const among = rows
    .filter((row) => row.startsWith("adamw,") && row.split(",")[2] === "1")
    .flatMap((row) => row.split(",")[5] || []);
  expect(among.map(Number)).toEqual(alone);
});

test("from a trained model, optimizers and their companion have the rates of fine-tuning", async () => {
  const folder = workplace();
  await run(folder, ...WORDS, "--name", "base");
  const tune =
    "--data text.txt --init base --context 16 --batch 2 --threads 1 --eval-tokens 64 --final-tokens 64".split(" ");
  const { out, err } = await run(folder, ...tune, "--steps", "2", "--compare", "sumo,adamw", "--name", "duel");
  expect(err).toBe("");
  for (const name of ["sumo", "adamw", "muon"] as const) {
    expect(out).toMatch(new RegExp(`^${name}.*, lr ${algorithms[name].fineTuningRate}, seed 0$`, "m"));
  }
  await run(folder, ...tune, "--steps", "2", "--name", "tuned");
  const { sumo } = JSON.parse(readFileSync(join(folder, "runs", "tuned", "config.json"), "utf8"));
  expect(sumo.options).toMatchObject({ lr: algorithms.sumo.fineTuningRate, auxLr: 1e-4 });
});

test("a sweep tries every learning rate alike and keeps each optimizer's best", async () => {
  const folder = workplace();
  const { code, out } = await run(
    folder,
    ...WORDS,
    "--compare",
    "adamw",
    "--sweep",
    "lr=1e-9,0.01",
    "--seeds",
    "2",
    "--name",
    "sweep",
  );
  expect(code).toBe(0);
  expect(out.slice(out.indexOf("┌"))).toMatch(/│ adamw +│ 0\.01 │/);
  const rows = readFileSync(join(folder, "runs", "sweep", "trials.csv"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(1);
  const trials = new Set(rows.map((row) => row.split(",").slice(0, 3).join()));
  expect([...trials].filter((trial) => trial.startsWith("adamw"))).toEqual([
    "adamw,1e-9,0",
    "adamw,0.01,0",
    "adamw,0.01,1",
  ]);
  expect(trials.size).toBe(6);
});

test("stopped in the middle, a comparison keeps what is finished", async () => {
  const folder = workplace();
  const { child, ended } = start(
    folder,
    ...WORDS,
    "--steps",
    "300",
    "--compare",
    "sumo,adamw,muon",
    "--name",
    "stopped",
  );
  let out = "";
  child.stdout!.on("data", (chunk) => (out += chunk));
  while (!out.includes("\nadamw")) await pause(5);
  child.kill("SIGINT");
  const { code } = await ended;
  expect(code).toBe(130);
  const rows = readFileSync(join(folder, "runs", "stopped", "trials.csv"), "utf8").split("\n");
  expect(rows.filter((row) => row.startsWith("sumo,"))).toHaveLength(302);
  expect(rows.some((row) => row.startsWith("muon,"))).toBe(false);
});

test.each([
  ["--compare sumo,adam", /Expected names from sumo, adamw, muon, galore, soap, sgd/],
  ["--compare sumo --sweep lr=0", /Expected a number/],
  ["--compare sumo --sweep rank=3", /Expected lr=a,b,c/],
  ["--compare sumo --resume x", /cannot be used with option/],
  ["--sweep lr=1", /--sweep .*--compare/],
  ["--seeds 3", /--seeds .*--compare/],
])("%s is refused", async (words, message) => {
  const { code, err } = await run(workplace(), ...words.split(" "));
  expect(code).toBe(1);
  expect(err).toMatch(message);
});
