import { expect, test } from "vitest";
import { CATEGORIES, parseGlosses, readGlosses } from "./glosses.ts";

test("a gloss is what stands before the examples, and its category the lexicographer's file", () => {
  const data = [
    "  1 This software and database is being provided to you",
    '01322221 05 n 01 puppy 0 001 @ 01321854 n 0000 | a young dog; "the puppy barked"  ',
    "00001740 03 n 01 entity 0 000 | that which is perceived  ",
    "09504135 16 n 01 motive 0 000 | a reason  ",
    '07000000 13 n 01 nothing 0 000 | "only an example"  ',
  ].join("\n");
  expect(parseGlosses(data)).toEqual([{ text: "a young dog", category: CATEGORIES.indexOf("animal") }]);
});

test("WordNet has glosses of every category", () => {
  const glosses = readGlosses();
  expect(glosses.length).toBeGreaterThan(80_000);
  const counts = CATEGORIES.map((_, category) => glosses.filter((gloss) => gloss.category === category).length);
  expect(Math.min(...counts)).toBeGreaterThan(300);
});
