import { connectMpi } from "../../src/index.ts";
import { report } from "../scenarios.ts";

console.log(JSON.stringify(report(process.argv[2]!, connectMpi())));
