import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Starts workerd with `edge.capnp`, and returns the answer of its worker. */
export async function askWorkerd(workerd, folder) {
  const port = await freePort();
  const server = spawn(workerd, ["serve", "edge.capnp", `--socket-addr=http=127.0.0.1:${port}`], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  try {
    for (let attempt = 0; attempt < 100 && server.exitCode === null; attempt++) {
      const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      if (response !== undefined) return await response.text();
      await sleep(100);
    }
    throw new Error("workerd gave no answer");
  } finally {
    server.kill();
  }
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
