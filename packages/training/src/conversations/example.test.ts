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
