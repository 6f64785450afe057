import type { Backend } from "../backend/backend.ts";

export interface AdamDecays {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
}

/**
 * out ← minus Adam's normalized step for `gradient`, which must be finite; updates both moments. Computed by AdamW with learning rate 1
 * on a weight of zeros.
 *
 * @param step - Counts from 1.
 */
export function minusAdamDirection<T>(
  backend: Backend<T, never>,
  out: T,
  gradient: T,
  first: T,
  second: T,
  { beta1, beta2, eps }: AdamDecays,
  step: number,
): void {
  // Not a multiple of `out` itself, whose previous contents need not be finite.
  backend.axpby(out, 0, gradient, 0);
  const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
  backend.adamw(out, gradient, first, second, { lr: 1, beta1, beta2, eps, decay: 0, correction1, correction2 });
}
