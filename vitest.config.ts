import { defineConfig } from "vitest/config";

const conditions = ["@sumo/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: ["linalg", "core", "llama"]
      .map((name) => project(name, `packages/${name}`))
      .concat(project("trainer", "apps/trainer")),
  },
});

function project(name: string, root: string) {
  return {
    extends: true as const,
    test: {
      name,
      root,
      include: ["src/**/*.test.ts", "test/**/*.test.ts"],
      exclude: ["**/*.browser.test.ts"],
      testTimeout: 30_000,
    },
  };
}
