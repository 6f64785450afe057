import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** A code editor on the page. */
export interface Editor {
  text(): string;
  /** Replaces the text, as a change that can be undone. */
  replace(text: string): void;
  /** Selects a line, counted from 1, and focuses the editor. */
  select(line: number): void;
  destroy(): void;
}

export interface EditorOptions {
  readonly text: string;
  /** Called on Ctrl+Enter. */
  readonly onRun: () => void;
  readonly onEdit: (text: string) => void;
}

/** Highlighting with the page's custom properties, which follow the light or dark theme. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-function)" },
  { tag: tags.comment, color: "var(--code-comment)" },
]);

const theme = EditorView.theme({
  "&": {
    border: "2px solid transparent",
    color: "var(--vp-c-text-1)",
    backgroundColor: "var(--vp-code-block-bg)",
    fontSize: "14px",
  },
  "&.cm-focused": { outline: "none", borderColor: "var(--vp-c-brand-1)" },
  ".cm-scroller": { fontFamily: "var(--vp-font-family-mono)", lineHeight: "1.55", maxHeight: "max(16em, 50vh)" },
  ".cm-content": { caretColor: "var(--vp-c-text-1)" },
  ".cm-gutters": { backgroundColor: "var(--vp-code-block-bg)", color: "var(--vp-c-text-2)", border: "none" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--vp-c-brand-soft)" },
});

/** Creates an editor of JavaScript and TypeScript in `parent`. Tab moves the focus out of it. */
export function createEditor(parent: HTMLElement, { text, onRun, onEdit }: EditorOptions): Editor {
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      keymap.of([{ key: "Mod-Enter", run }, { key: "Ctrl-Enter", run }, ...defaultKeymap, ...historyKeymap]),
      lineNumbers(),
      history(),
      indentOnInput(),
      bracketMatching(),
      javascript({ typescript: true }),
      syntaxHighlighting(colours),
      theme,
      EditorView.contentAttributes.of({ "aria-label": "Program", tabindex: "0" }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) onEdit(state.doc.toString());
      }),
    ],
  });
  return {
    text: () => view.state.doc.toString(),
    replace: (insert) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } }),
    select(line) {
      const { from, to } = view.state.doc.line(Math.min(line, view.state.doc.lines));
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
