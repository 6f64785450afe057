/**
 * Trains on two hosts, started in every way of docs/guide/mpi.md: by the mpirun of Open MPI and of MPICH with a host file, and by Slurm's srun with PMIx
 * and with PMI-2. Fails unless both hosts take part, and the checkpoint has the bits of one process.
 *
 * Usage, on Linux as root, after `pnpm run build`: node bench/scaling/launchers.js
 * Needs iproute2, and Debian's openmpi-bin, mpich and slurm-wlm; half a minute. The hosts are network namespaces that share the files; ssh is not used.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTwoHosts, openMpi } from "./two-hosts.js";

const TRAINER = fileURLToPath(new URL("../../apps/trainer/dist/cli.js", import.meta.url));
const RUN = "--dim 32 --layers 1 --heads 2 --context 32 --batch 2 --accumulate 2 --threads 1 --length 1 --steps 4";

onTwoHosts(undefined, (hosts) => {
  const trainerOf = (name) => `${process.execPath} ${TRAINER} ${RUN} --residual off --shard-state --name ${name}`;
  const stop = startSlurm(hosts);
  try {
    hosts.run(0, trainerOf("alone"));
    const launchers = {
      "Open MPI": openMpi(hosts),
      MPICH: mpich(hosts),
      "srun with PMIx, Open MPI": "srun --mpi=pmix -N 2 -n 2",
      "srun with PMI-2, MPICH": "srun --mpi=pmi2 -N 2 -n 2",
    };
    for (const [name, launcher] of Object.entries(launchers)) {
      const started = hosts
        .run(0, `${slurm(hosts)} ${launcher} hostname`)
        .trim()
        .split("\n")
        .toSorted();
      const run = name.toLowerCase().replaceAll(/\W+/g, "-");
      hosts.run(0, `${slurm(hosts)} ${launcher} ${trainerOf(run)}`);
      const ok = started.join() === hosts.names.join() && checkpointOf(hosts, run) === checkpointOf(hosts, "alone");
      console.log(`${name}: on ${started.join(" and ")}, ${ok ? "the bits of one process" : "OTHER BITS"}`);
      if (!ok) process.exitCode = 1;
    }
  } finally {
    stop();
  }
});

function checkpointOf({ folder }, run) {
  const files = ["model.safetensors", "optimizer.safetensors"].map((name) => join(folder, "runs", run, name));
  return files.map((file) => createHash("sha256").update(readFileSync(file)).digest("hex")).join();
}

/** MPICH's command that starts a process on each host of a host file. */
function mpich({ addresses, folder, enter }) {
  const file = join(folder, "hosts.mpich");
  writeFileSync(file, addresses.map((address) => `${address}:1\n`).join(""));
  return `mpirun.mpich -launcher ssh -launcher-exec ${enter} -n 2 -f ${file}`;
}

function slurm({ folder }) {
  return `SLURM_CONF=${join(folder, "slurm.conf")}`;
}

/** Starts Slurm's daemons. Returns a function that ends them. */
function startSlurm(hosts) {
  const { names, addresses, folder, run } = hosts;
  mkdirSync(join(folder, "state"));
  const nodes = names.map((name, i) => {
    mkdirSync(join(folder, `spool-${name}`));
    return `NodeName=${name} NodeAddr=${addresses[i]} CPUs=1`;
  });
  const settings = [
    ...["ClusterName=two-hosts", `SlurmctldHost=${names[0]}(${addresses[0]})`, "SlurmUser=root", "AuthType=auth/none"],
    ...["CredType=cred/none", `StateSaveLocation=${folder}/state`, `SlurmdSpoolDir=${folder}/spool-%n`],
    ...[`SlurmctldPidFile=${folder}/slurmctld.pid`, `SlurmdPidFile=${folder}/%n.pid`, `SlurmdLogFile=${folder}/%n.log`],
    ...[
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      ...nodes,
      "PartitionName=all Nodes=ALL Default=YES",
    ],
  ];
  writeFileSync(join(folder, "slurm.conf"), settings.map((line) => `${line}\n`).join(""));
  run(0, `${slurm(hosts)} slurmctld >${folder}/slurmctld.log 2>&1`);
  for (const host of [0, 1]) {
    // PMIx has files in /tmp, whose names are the same on both hosts.
    const daemon = `mount -t tmpfs none /tmp; ${slurm(hosts)} slurmd >${folder}/slurmd.log 2>&1`;
    run(host, `unshare --mount sh -c '${daemon}'`);
  }
  return () => {
    for (const name of ["slurmctld", ...names]) process.kill(Number(readFileSync(join(folder, `${name}.pid`), "utf8")));
    spawnSync("sleep", ["1"]);
  };
}
