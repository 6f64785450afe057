import { digest } from "./digest.mjs";

console.log(digest());
