import { describeBackend } from "./backend-suite.ts";

describeBackend("cpu");
describeBackend("webasm");
