import asc from "assemblyscript/asc";

/**
 * Compiles an AssemblyScript file to a WebAssembly module that imports its memory. The import states the largest maximum there is,
 * so that it accepts every memory that has a maximum. `features` are enabled beside SIMD.
 */
export async function compileWasm(file, features = []) {
  let binary;
  const memory = ["--importMemory", "--maximumMemory", "65536"];
  const enabled = ["simd", ...features].flatMap((feature) => ["--enable", feature]);
  const { error, stdout, stderr } = await asc.main(
    [file, "--outFile", "module.wasm", "-O3", "--noAssert", "--runtime", "stub", ...memory, ...enabled],
    {
      writeFile: (name, data) => {
        if (name === "module.wasm") binary = data;
      },
    },
  );
  if (error) throw new Error(stderr.toString() || stdout.toString() || error.message, { cause: error });
  return binary;
}
