import { describeErrors } from "@sumo/testing/error-classes";
import * as errors from "./errors.ts";

describeErrors(errors, "LlamaError", () => import("./errors.ts"));
