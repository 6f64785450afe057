import { adamw } from "./elementwise/adamw";
import { convert, largest } from "./elementwise/convert";
import { gemm, gemmScratch } from "./products/gemm";
import { gram, gramScratch } from "./products/gram";
import { axpby, dot } from "./elementwise/vector";

export { adamw, gramScratch };

export function gemmScratch32(m: usize, n: usize, k: usize): usize {
  return gemmScratch<f32>(m, n, k);
}

export function gemmScratch64(m: usize, n: usize, k: usize): usize {
  return gemmScratch<f64>(m, n, k);
}

export function gemm32(
  transA: bool, transB: bool, m: usize, n: usize, k: usize, alpha: f32, a: usize, lda: usize, b: usize, ldb: usize, beta: f32, c: usize, ldc: usize, scratch: usize,
): void {
  gemm<f32>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch);
}

export function gemm64(
  transA: bool, transB: bool, m: usize, n: usize, k: usize, alpha: f64, a: usize, lda: usize, b: usize, ldb: usize, beta: f64, c: usize, ldc: usize, scratch: usize,
): void {
  gemm<f64>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch);
}

export function gram32(trans: bool, n: usize, k: usize, a: usize, lda: usize, c: usize, ldc: usize, scratch: usize): void {
  gram<f32>(trans, n, k, a, lda, c, ldc, scratch);
}

export function gram64(trans: bool, n: usize, k: usize, a: usize, lda: usize, c: usize, ldc: usize, scratch: usize): void {
  gram<f64>(trans, n, k, a, lda, c, ldc, scratch);
}

export function axpby32(n: usize, alpha: f32, x: usize, beta: f32, y: usize): void {
  axpby<f32>(n, alpha, x, beta, y);
}

export function axpby64(n: usize, alpha: f64, x: usize, beta: f64, y: usize): void {
  axpby<f64>(n, alpha, x, beta, y);
}

export function dot32(n: usize, x: usize, y: usize): f64 {
  return dot<f32>(n, x, y);
}

export function dot64(n: usize, x: usize, y: usize): f64 {
  return dot<f64>(n, x, y);
}

export function convert3232(n: usize, alpha: f64, x: usize, y: usize): void {
  convert<f32, f32>(n, alpha, x, y);
}

export function convert3264(n: usize, alpha: f64, x: usize, y: usize): void {
  convert<f32, f64>(n, alpha, x, y);
}

export function convert6432(n: usize, alpha: f64, x: usize, y: usize): void {
  convert<f64, f32>(n, alpha, x, y);
}

export function convert6464(n: usize, alpha: f64, x: usize, y: usize): void {
  convert<f64, f64>(n, alpha, x, y);
}

export function largest32(n: usize, x: usize): f64 {
  return largest<f32>(n, x);
}

export function largest64(n: usize, x: usize): f64 {
  return largest<f64>(n, x);
}

export { scaleLines, squaredNorms } from "./elementwise/lines";
export { qlSweep } from "./factorizations/ql-sweep";
export { jacobiSweep } from "./factorizations/jacobi-sweep";
export { jacobiEigenSweep } from "./factorizations/jacobi-eigen-sweep";
export { gemv } from "./factorizations/gemv";
export { rankOneEigen } from "./factorizations/rank-one-eigen";
export { reflect } from "./factorizations/reflect";
export { updateMultiply } from "./factorizations/update-multiply";
