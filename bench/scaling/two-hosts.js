import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ADDRESSES = ["10.77.0.1", "10.77.0.2"];
/** Bytes that a link sends at once: enough for 10 Gbit/s at the kernel's tick of 4 ms. */
const burst = (bitsPerSecond) => Math.max(64_000, Math.ceil((bitsPerSecond / 8) * 0.004));

/**
 * Runs `use` with two hosts on this machine that a link joins: network namespaces, each with a host name of its own. They share the files. Linux, as
 * root, with iproute2.
 *
 * @param bitsPerSecond - of a token bucket at either end of the link; `undefined` for none.
 * @param use - gets `names` and `addresses` of the hosts, a `folder`, deleted afterwards, and `run(host, command)`, which runs a line of shell on host 0
 * or 1, and returns its output. `enter` is a program that takes the arguments of ssh.
 */
export function onTwoHosts(bitsPerSecond, use) {
  const folder = mkdtempSync("/var/tmp/two-hosts-"); // not in /tmp, of which a host may have one of its own
  const spaces = ADDRESSES.map((_, i) => `${process.pid}-${i}`);
  const names = ADDRESSES.map((_, i) => `host-${i}`);
  const enter = join(folder, "enter.sh");
  const cases = ADDRESSES.map((address, i) => `${address}) space=${spaces[i]} name=${names[i]} ;;`).join(" ");
  writeFileSync(
    enter,
    `#!/bin/sh\nwhile [ "\${1#-}" != "$1" ]; do shift; done\ncase $1 in ${cases} esac\nshift\n` +
      'exec nsenter --net=/run/netns/$space unshare --uts sh -c "hostname $name; $*"\n',
  );
  chmodSync(enter, 0o755);
  const run = (host, command) => {
    const { status, stdout, stderr } = spawnSync(enter, [ADDRESSES[host], command], { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`${command} on ${names[host]}: ${stderr || stdout}`);
    return stdout;
  };
  try {
    for (const space of spaces) ip("netns", "add", space);
    ip("link", "add", "wire", "netns", spaces[0], "type", "veth", "peer", "name", "wire", "netns", spaces[1]);
    for (const [i, space] of spaces.entries()) {
      ip("-n", space, "address", "add", `${ADDRESSES[i]}/24`, "dev", "wire");
      for (const device of ["lo", "wire"]) ip("-n", space, "link", "set", device, "up");
      if (bitsPerSecond === undefined) continue;
      const bucket = ["tbf", "rate", `${bitsPerSecond}bit`, "burst", `${burst(bitsPerSecond)}b`, "latency", "2s"];
      execFileSync("tc", ["-n", space, "qdisc", "add", "dev", "wire", "root", ...bucket]);
    }
    return use({ names, addresses: ADDRESSES, folder, enter, run });
  } finally {
    for (const space of spaces) spawnSync("ip", ["netns", "delete", space]);
    rmSync(folder, { recursive: true });
  }
}

const ip = (...words) => execFileSync("ip", words);

/** Open MPI's command that starts a process on each host of a host file. */
export function openMpi({ addresses, folder, enter }) {
  const file = join(folder, "hosts.openmpi");
  writeFileSync(file, addresses.map((address) => `${address} slots=1\n`).join(""));
  return `mpirun.openmpi --allow-run-as-root --mca plm_rsh_agent ${enter} --mca btl tcp,self -n 2 --hostfile ${file}`;
}
