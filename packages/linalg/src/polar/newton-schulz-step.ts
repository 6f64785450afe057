/** One step X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X. */
export type NewtonSchulzStep = readonly [a: number, b: number, c: number];
