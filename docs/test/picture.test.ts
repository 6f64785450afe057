import { describe, expect, test } from "vitest";
import { bestCaptured, compress, subjectOf } from "../theory/compression.ts";
import { drawPicture } from "../theory/picture.ts";

const EPS32 = 2 ** -24;

describe("what the picture page shows", () => {
  const subject = subjectOf(drawPicture(96, 64));
  const { a, s, mean, picture } = subject;
  const energy = a.data.reduce((sum, x) => sum + x * x, 0);
  const sketch = (rank: number, oversampling: number, powerIterations: number) =>
    compress(subject, { rank, oversampling, powerIterations });
  const slack = a.data.length * EPS32;

  test("the picture is all greys between black and white, and not one grey", () => {
    expect(Math.min(...picture.pixels)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...picture.pixels)).toBeLessThanOrEqual(1);
    expect(Math.max(...picture.pixels) - Math.min(...picture.pixels)).toBeGreaterThan(0.8);
    expect(Math.abs(a.data.reduce((sum, x) => sum + x, 0))).toBeLessThan(slack * a.data.length);
  });

  test.each([1, 5, 20])(
    "rank %d captures at most what the best approximation does, and more with power iterations",
    (rank) => {
      const best = bestCaptured(subject, rank);
      const [none, two] = [sketch(rank, 0, 0).captured, sketch(rank, 0, 2).captured];
      expect(none).toBeLessThan(two);
      expect(two).toBeLessThanOrEqual(best + slack);
    },
  );

  test("the energy captured is what the picture that is shown has, and what it lacks is the rest (Pythagoras)", () => {
    const { captured, picture: shown } = sketch(8, 4, 1);
    const lost = shown.pixels.reduce((sum, x, i) => sum + (x - mean - a.data[i]!) ** 2, 0);
    expect(Math.abs(captured + lost / energy - 1)).toBeLessThan(slack);
  });

  test("at full rank nothing is lost", () => {
    const { captured, picture: shown, s: found } = sketch(64, 0, 0);
    expect(Math.abs(captured - 1)).toBeLessThan(slack);
    expect(Math.max(...shown.pixels.map((x, i) => Math.abs(x - picture.pixels[i]!)))).toBeLessThan(slack);
    for (const [i, value] of found.entries()) expect(Math.abs(value - s[i]!)).toBeLessThan(slack * s[0]!);
  });
});
