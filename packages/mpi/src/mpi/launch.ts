/** A process among those that were started together. */
export interface Launched {
  readonly rank: number;
  /** Their number. */
  readonly size: number;
}

/**
 * The place of this process among those that mpirun or srun started together, as their environment says; `undefined` if it was started alone.
 * Loads no library, and waits for nobody.
 *
 * Open MPI's mpirun sets OMPI_COMM_WORLD_SIZE, MPICH's and srun with PMI set PMI_SIZE; srun with PMIx leaves the number to Slurm.
 */
export function launchedAs(): Launched | undefined {
  const { OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE, PMI_RANK, PMI_SIZE, PMIX_RANK, SLURM_STEP_NUM_TASKS } =
    process.env;
  const places = [
    [OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE],
    [PMI_RANK, PMI_SIZE],
    [PMIX_RANK, SLURM_STEP_NUM_TASKS],
  ];
  const place = places.find((numbers) => numbers.every((number) => number !== undefined));
  return place && { rank: Number(place[0]), size: Number(place[1]) };
}
