import { LinalgError, ShapeError } from "@sumo/linalg";
import { expect, test, vi } from "vitest";
import * as core from "./errors.ts";

/** Another installed copy of both packages. */
async function anotherCopy() {
  vi.resetModules();
  const [errors, linalg] = await Promise.all([import("./errors.ts"), import("@sumo/linalg")]);
  expect(errors.OptimizerError).not.toBe(core.OptimizerError);
  return { errors, linalg };
}

test("errors of another installed copy are instances of the same classes, and of no others", async () => {
  const { errors, linalg } = await anotherCopy();
  const one = new errors.OptimizerOptionError("lr", "a number", "text");
  expect(one instanceof core.OptimizerError).toBe(true);
  expect(one instanceof core.OptimizerOptionError).toBe(true);
  expect(one instanceof core.CheckpointError).toBe(false);
  expect(one instanceof LinalgError).toBe(false);
  const other = new linalg.ShapeError("qr", "expected rows >= cols");
  expect(other instanceof LinalgError).toBe(true);
  expect(other instanceof ShapeError).toBe(true);
  expect(other instanceof core.OptimizerError).toBe(false);
});

test("a class of one's own has its own instances alone", () => {
  class OwnError extends core.CheckpointError {}
  expect(new OwnError("text") instanceof core.CheckpointError).toBe(true);
  expect(new core.CheckpointError("text") instanceof OwnError).toBe(false);
});

test.each([undefined, null, 1, "text", {}, new Error("text"), { code: "OPTIMIZER_CHECKPOINT" }])(
  "%s is none",
  (value) => {
    expect(value instanceof core.OptimizerError).toBe(false);
    expect(value instanceof core.CheckpointError).toBe(false);
  },
);

test("every class has a code of its own, which its instances show", () => {
  const classes = Object.values(core).filter(
    (each): each is typeof core.OptimizerError => typeof each === "function" && each.prototype instanceof Error,
  );
  const codes = classes.filter((each) => each !== core.OptimizerError).map(({ code }) => code);
  expect(new Set(codes).size).toBe(classes.length - 1);
  expect(codes.every((code) => /^[A-Z_]+$/.test(code))).toBe(true);
  expect(Object.keys(new core.DisposedError())).toContain("code");
});
