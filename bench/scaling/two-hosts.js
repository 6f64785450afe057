import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const HOSTS = ["10.77.0.1", "10.77.0.2"];
/** Bytes that a link sends at once: enough for 10 Gbit/s at the kernel's tick of 4 ms. */
const burst = (bitsPerSecond) => Math.max(64_000, Math.ceil((bitsPerSecond / 8) * 0.004));

/**
 * Runs `use` with two hosts on this machine that a link of this speed joins: network namespaces with a token bucket at either end, each with a
 * host name of its own. Linux, as root, with iproute2 and Open MPI.
 *
 * @param use - gets a function that runs a script of Node on both hosts, a process on each, and returns its output.
 */
export function onTwoHosts(bitsPerSecond, use) {
  const folder = mkdtempSync(join(tmpdir(), "two-hosts-"));
  const spaces = HOSTS.map((_, i) => `${process.pid}-${i}`);
  const enter = join(folder, "enter.sh");
  // What `ssh HOST COMMAND` would do.
  const cases = HOSTS.map((host, i) => `${host}) space=${spaces[i]} ;;`).join(" ");
  writeFileSync(
    enter,
    `#!/bin/sh\ncase $1 in ${cases} esac\nname=host-$1; shift\nexec ip netns exec $space unshare --uts sh -c "hostname $name; $*"\n`,
  );
  chmodSync(enter, 0o755);
  try {
    for (const space of spaces) ip("netns", "add", space);
    ip("link", "add", "wire", "netns", spaces[0], "type", "veth", "peer", "name", "wire", "netns", spaces[1]);
    for (const [i, space] of spaces.entries()) {
      ip("-n", space, "address", "add", `${HOSTS[i]}/24`, "dev", "wire");
      for (const device of ["lo", "wire"]) ip("-n", space, "link", "set", device, "up");
      const bucket = ["tbf", "rate", `${bitsPerSecond}bit`, "burst", `${burst(bitsPerSecond)}b`, "latency", "2s"];
      execFileSync("tc", ["-n", space, "qdisc", "add", "dev", "wire", "root", ...bucket]);
    }
    return use((script, words) => mpirun(enter, script, words));
  } finally {
    for (const space of spaces) spawnSync("ip", ["netns", "delete", space]);
    rmSync(folder, { recursive: true });
  }
}

const ip = (...words) => execFileSync("ip", words);

function mpirun(enter, script, words) {
  const launch = ["mpirun.openmpi", "--allow-run-as-root", "--mca", "plm_rsh_agent", enter, "--mca", "btl", "tcp,self"];
  const ranks = ["-n", "2", "--host", HOSTS.map((host) => `${host}:1`).join(","), "--map-by", "node"];
  const command = [...launch, ...ranks, process.execPath, script, ...words].join(" ");
  const { status, stdout, stderr } = spawnSync(enter, [HOSTS[0], command], { encoding: "utf8" });
  if (status !== 0) throw new Error(`on two hosts: ${stderr || stdout}`);
  return stdout;
}
