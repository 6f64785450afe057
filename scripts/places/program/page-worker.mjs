import { digest } from "./digest.mjs";

postMessage(digest());
