/** A kernel of gpu.js on WebGL. */
export interface TranslatedKernel {
  getFragmentShader(args: ArrayLike<unknown>): string;
}

const CALL = /getVec4FromSampler2D\((user_\w+), \w+Size, \w+Dim, 0, /g;
const BODY = /void kernel\(\) \{/;

/**
 * gpu.js divides integers at every fetch, since a texture's width may differ from its matrix's. Where they agree, the texel's coordinates
 * are column and row times reciprocals that are computed once, and products run several times as fast.
 */
export function useDirectFetch(kernel: TranslatedKernel): void {
  const translate = kernel.getFragmentShader;
  kernel.getFragmentShader = function (args) {
    const shader = translate.call(this, args);
    const names = new Set(Array.from(shader.matchAll(CALL), ([, name]) => name!));
    if (names.size !== Array.from(args).filter((arg) => typeof arg === "object").length || !BODY.test(shader)) {
      throw new Error("gpu.js no longer translates fetches as this package expects");
    }
    const sample = shader.startsWith("#version 300 es") ? "texture" : "texture2D";
    const unit = (name: string): string => `unit_${name}`;
    const declared = Array.from(names, (name) => `vec2 ${unit(name)};`).join(" ");
    const computed = Array.from(names, (name) => `${unit(name)} = 1.0 / vec2(${name}Size);`).join(" ");
    const fetch = `vec4 fetchTexel(sampler2D tex, vec2 unit, int y, int x) {
  return ${sample}(tex, (vec2(float(x), float(y)) + 0.5) * unit);
}`;
    return shader
      .replace(CALL, (_, name: string) => `fetchTexel(${name}, ${unit(name)}, `)
      .replace(BODY, `${declared}\n${fetch}\nvoid kernel() {\n${computed}`);
  };
}
