/** Width of a tile. Scratch is padded with zeros to whole tiles, so that products need no code for edges. */
export const TILE: i32 = 16;

/** n rounded up to a multiple of TILE. */
// @ts-ignore: decorator
@inline
export function padded(n: i32): i32 {
  return (n + TILE - 1) & ~(TILE - 1);
}
