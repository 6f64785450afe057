import { describeErrors } from "@sumo/testing/error-classes";
import * as errors from "./errors.ts";

describeErrors(errors, "CollectiveError", () => import("./errors.ts"));
