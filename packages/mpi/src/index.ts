export {
  CollectiveAbortedError,
  CollectiveArgumentError,
  CollectiveError,
  CollectiveMismatchError,
  MpiCallError,
  MpiLaunchError,
  MpiMissingError,
  RankGoneError,
} from "./errors.ts";
export { type MeasuredCollective, measured, type Traffic } from "./measured.ts";
export { connectMpi } from "./mpi/connect.ts";
export { type Launched, launchedAs } from "./mpi/launch.ts";
export { oneProcess } from "./one-process.ts";
export { joinThreads } from "./threads/thread-collective.ts";
export { type ThreadGroup, type ThreadSeat, threadGroup } from "./threads/thread-group.ts";
