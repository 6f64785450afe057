import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseExamples } from "./example.ts";

test("each line is one of three kinds, with other keys and empty lines passed over", () => {
  const messages = [{ role: "user", content: "2 + 2" }];
  const lines = [
    { text: "a", source: "b" },
    { prompt: "a", completion: "" },
    { messages, text: "the same in one string" },
  ];
  const text = `${lines.map((line) => JSON.stringify(line)).join("\n\n  \r\n")}\n`;
  expect(parseExamples(text, "a.jsonl")).toEqual([{ text: "a" }, { prompt: "a", completion: "" }, { messages }]);
});

test("options are kept of a question that has an answer among them", () => {
  const turns = [
    { role: "user", content: "2 + 2" },
    { role: "assistant", content: "4" },
    { role: "user", content: "Thanks" },
  ];
  const lines = [
    { prompt: "2 + 2", completion: "4", options: ["3", "4"] },
    { messages: turns, options: ["4", "", "5"] },
  ];
  expect(parseExamples(lines.map((line) => JSON.stringify(line)).join("\n"), "a.jsonl")).toEqual(lines);
  const others = [
    { text: "a", options: 4 },
    { prompt: "a", completion: "b", options: null },
  ];
  expect(parseExamples(others.map((line) => JSON.stringify(line)).join("\n"), "a.jsonl")).toEqual([
    { text: "a" },
    { prompt: "a", completion: "b" },
  ]);
});

test.each([
  ['["a"]', "a list of one"],
  ['["b", "c"]', "without the answer"],
  ['["a", "a", "b"]', "twice the same"],
  ['["a", 1]', "a number"],
  ['"ab"', "no list"],
])("options that are none are named by their line: %s, %s", (options) => {
  const lines = [
    `{"prompt": "?", "completion": "a", "options": ${options}}`,
    `{"messages": [{"role": "assistant", "content": "a"}], "options": ${options}}`,
    `{"messages": [{"role": "user", "content": "a"}], "options": ["a", "b"]}`,
  ];
  for (const line of lines) {
    const parse = () => parseExamples(`\n${line}`, "a.jsonl");
    expect(parse).toThrow(DataError);
    expect(parse).toThrow(
      "a.jsonl: line 2: options are a list of different texts, one of them the completion or the last reply",
    );
  }
});

test.each([
  ['{"text": "a"', "a.jsonl: line 3 is not JSON"],
  ["null", "line 3 has neither messages, nor prompt and completion, nor text"],
  ['{"prompt": "a"}', "line 3 has neither"],
  ['{"text": 1}', "line 3 has neither"],
  ['{"messages": []}', "line 3: messages are a list of { role, content }"],
  ['{"messages": [{"role": "user"}]}', "line 3: messages are"],
  ['{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}', "line 3: messages are"],
])("a line that is none is named by its number: %s", (line, message) => {
  const text = `{"text":"a"}\n\n${line}\n{"text":"b"}`;
  expect(() => parseExamples(text, "a.jsonl")).toThrow(DataError);
  expect(() => parseExamples(text, "a.jsonl")).toThrow(message);
});

test("a file without a line is empty", () => {
  expect(() => parseExamples(" \n\n", "a.jsonl")).toThrow("a.jsonl is empty");
});
