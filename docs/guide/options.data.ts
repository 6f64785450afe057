import { Command, type Option } from "commander";
import { createServer } from "vite";

/** Options under one heading of `train --help`. */
export interface Group {
  readonly title: string;
  readonly options: readonly { readonly flags: string; readonly description: string }[];
}

export default {
  watch: ["../../apps/trainer/src/cli/flags.ts", "../../packages/training/src/options/*.ts"],
  load: async (): Promise<readonly Group[]> => groupsOf(await trainerCommand()),
};

/** Loads the command line's definitions from its sources, so that the site needs no build of the trainer. */
async function trainerCommand(): Promise<Command> {
  const server = await createServer({
    configFile: false,
    root: import.meta.dirname,
    logLevel: "error",
    appType: "custom",
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    ssr: { noExternal: [/^@sumo\//], resolve: { conditions: ["@sumo/source"] } },
  });
  try {
    const { addOptions } = await server.ssrLoadModule("@sumo/trainer/flags");
    return addOptions(new Command("train"));
  } finally {
    await server.close();
  }
}

function groupsOf(command: Command): readonly Group[] {
  const help = command.createHelp();
  const titleOf = ({ helpGroupHeading }: Option) => helpGroupHeading!.replace(/:$/, "");
  return [...new Set(command.options.map(titleOf))].map((title) => ({
    title,
    options: command.options
      .filter((option) => titleOf(option) === title)
      .map((option) => ({ flags: option.flags, description: help.optionDescription(option) })),
  }));
}

export declare const data: readonly Group[];
