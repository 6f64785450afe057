import { Template as JinjaTemplate } from "@huggingface/jinja";
import { expect, test } from "vitest";
import { Template } from "./template.ts";

const messages = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Yes" },
];

test.each([
  "{% for m in messages %}{{ m.role ~ ': ' ~ m['content'] | trim }}\n{% endfor %}",
  "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 1, -2) %}{{ i }}{% endfor %}{{ range(2, 2) | length }}",
  "{% set n = namespace(last=none) %}{% for m in messages[::-1] %}{% set n.last = m.role %}{% endfor %}{{ n.last }}",
  "{% macro shout(text) %}{{ text | upper }}!{% endmacro %}{{ shout(messages[0].content) }}{{ true and not false }}",
  "{{ strftime_now('%Y') }}{{ bos_token if bos_token is defined else 'none' }}",
])("a template writes what Jinja's own writes: %s", (source) => {
  expect(new Template(source).render({ messages })).toBe(new JinjaTemplate(source).render({ messages }));
});

test.each([
  [
    "it does not end",
    "{% set r = range(999) %}{% for a in r %}{% for b in r %}{% for c in r %}{% endfor %}{% endfor %}{% endfor %}",
  ],
  [
    "it writes too much",
    `{% set n = namespace(x='xxxxxxxx') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}`,
  ],
  ["range gives at most", "{% for i in range(999999999999) %}{% endfor %}"],
  ["range gives at most", "{{ range(0, 5, 0) }}"],
  ["not a function", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"],
  ["no", "{{ raise_exception('no') }}"],
])("a template that would not end, or fill the memory, is stopped: %s", (message, source) => {
  expect(() => new Template(source).render({ messages })).toThrow(message);
});

test("a template sees nothing but what it is given", () => {
  for (const source of [
    "{{ process }}",
    "{{ messages.constructor }}",
    "{{ globalThis.process }}",
    "{{ range.constructor('1')() }}",
  ]) {
    let written = "";
    try {
      written = new Template(source).render({ messages });
    } catch {}
    expect(written, source).not.toMatch(/\w/);
  }
});
