/** Scratch rows and columns are padded with zeros to whole tiles of 16 floats, so that no product has an edge. */
export const TILE: i32 = 16;

/** The multiple of TILE that is not below n. */
// @ts-ignore: decorator
@inline
export function padded(n: i32): i32 {
  return (n + TILE - 1) & ~(TILE - 1);
}
