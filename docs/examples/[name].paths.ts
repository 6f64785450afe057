import { programOf, readExamples } from "./read-examples.ts";

/** A page for each example, made from its file. */
export default {
  watch: ["*.js", "output/*.txt"],
  paths: () =>
    readExamples().map((example) => {
      const { name, title, text, source, output } = example;
      const code = `<RunnableExample :name="$params.name" :source="$params.source" :output="$params.output">\n\n\`\`\`js\n${programOf(example)}\`\`\`\n\n</RunnableExample>`;
      return { params: { name, source, output }, content: `# ${title}\n\n${text}\n\n${code}\n` };
    }),
};
