/** Type of a number that a kernel takes. */
type NumberType = "u32" | "f32";
/** Access to an array that a kernel takes, and the type of its elements. */
type ArrayType = "read f32" | "read i32" | "write f32";

/** A compute shader with the names and types of what it takes. */
export interface Kernel<Numbers extends string, Arrays extends string> {
  /** Identifies the shader: kernels of one name have one text. */
  readonly name: string;
  /** Types of the numbers, in their order in the shader. */
  readonly numbers: Readonly<Record<Numbers, NumberType>>;
  /** Access and types of the arrays, in the order of their bindings. */
  readonly arrays: Readonly<Record<Arrays, ArrayType>>;
  /** WGSL without the declarations of numbers and arrays. Must use all of them; numbers are fields of `given`. The entry point is `main`. */
  readonly body: string;
}

/** The whole shader: `given` is binding 0, the arrays follow in order. */
export function shaderOf({ numbers, arrays, body }: Kernel<string, string>): string {
  const fields = Object.entries(numbers).map(([name, type]) => `${name}: ${type}`);
  const bindings = Object.entries(arrays).map(([name, type], i) => {
    const [access, element] = type.split(" ");
    const mode = access === "read" ? "read" : "read_write";
    return `@group(0) @binding(${i + 1}) var<storage, ${mode}> ${name}: array<${element}>;`;
  });
  const given = `struct Given { ${fields.join(", ")} }\n@group(0) @binding(0) var<uniform> given: Given;`;
  return [given, ...bindings, body].join("\n");
}

/** The numbers in the shader's layout, four bytes each, filled up to a multiple of 16. */
export function packNumbers<Numbers extends string>(
  { numbers }: Kernel<Numbers, string>,
  values: Readonly<Record<Numbers, number>>,
): ArrayBuffer {
  const names = Object.keys(numbers) as Numbers[];
  const bytes = new ArrayBuffer(16 * Math.ceil(names.length / 4));
  const view = new DataView(bytes);
  names.forEach((name, i) => {
    if (numbers[name] === "u32") view.setUint32(4 * i, values[name], true);
    else view.setFloat32(4 * i, values[name], true);
  });
  return bytes;
}
