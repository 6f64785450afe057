/** Name of the program in a link's hash. */
const KEY = "program=";

/** The hash of a link that carries `program`: compressed, in letters that need no escape. */
export async function hashOf(program: string): Promise<string> {
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(program));
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return `#${KEY}${letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** The program of a link's hash, or `undefined` where it carries none. @throws {Error} if the link is damaged. */
export async function programOf(hash: string): Promise<string | undefined> {
  if (!hash.startsWith(`#${KEY}`)) return undefined;
  const letters = hash.slice(1 + KEY.length);
  const packed = Uint8Array.from(atob(letters.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return new TextDecoder().decode(await through(new DecompressionStream("deflate-raw"), packed));
}

async function through(stream: GenericTransformStream, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}
