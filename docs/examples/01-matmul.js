// # Products of matrices
//
// A matrix is a flat typed array and a shape: NumPy's `reshape` without a copy. The transpose is a view of the same
// numbers, and products take views as they are.

import { fromRows, gram, matmul, matrix } from "@sumo/linalg";

const a = fromRows([
  [1, 2, 3],
  [4, 5, 6],
]);
const b = matrix(3, 2, Float64Array.of(1, 0, 0, 1, 1, 1)); // wraps the array
const product = matmul(a, b);
console.log("a b =", product.get(0, 0), product.get(0, 1), "/", product.get(1, 0), product.get(1, 1));

// aᵀ a in two ways: the transpose as a view, and as an option of the product.
const viaView = matmul(a.T, a);
const viaOption = matmul(a, a, { transposeA: true });
const same = viaView.data.every((value, i) => value === viaOption.data[i]);
console.log("the same numbers:", same);

// a aᵀ is symmetric: gram computes one half of it and mirrors it.
console.log("a aᵀ =", gram(a).data.join(" "));

// What is written to the array appears in the matrix.
b.data[0] = 10;
console.log("a b at (0, 0) is now", matmul(a, b).get(0, 0));
