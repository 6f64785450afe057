import asc from "assemblyscript/asc";

/**
 * Compiles an AssemblyScript file to a WebAssembly module that imports its memory. The import states the largest maximum there is,
 * so that it accepts every memory that has a maximum.
 */
export async function compileWasm(file) {
  let binary;
  const memory = ["--importMemory", "--maximumMemory", "65536"];
  const { error, stdout, stderr } = await asc.main(
    [file, "--outFile", "module.wasm", "-O3", "--noAssert", "--runtime", "stub", ...memory, "--enable", "simd"],
    {
      writeFile: (name, data) => {
        if (name === "module.wasm") binary = data;
      },
    },
  );
  if (error) throw new Error(stderr.toString() || stdout.toString() || error.message, { cause: error });
  return binary;
}
