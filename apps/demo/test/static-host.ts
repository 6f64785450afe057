import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

/** Content-Security-Policy of a strict host. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'";

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/** A server of a folder's files under `/some/folder/`. */
export interface StaticHost {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server. @param isolated - sends the headers for shared memory. */
export async function serve(folder: string, { isolated = false } = {}): Promise<StaticHost> {
  const headers = { "Content-Security-Policy": POLICY, ...(isolated && ISOLATION) };
  const server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://host").pathname).replace(
      /^\/some\/folder\/$/,
      "/some/folder/index.html",
    );
    const body = path.startsWith("/some/folder/")
      ? await readFile(join(folder, path.slice("/some/folder/".length))).catch(() => undefined)
      : undefined;
    if (body === undefined) return response.writeHead(404).end();
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    return response.writeHead(200, { "Content-Type": type, ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/folder/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
