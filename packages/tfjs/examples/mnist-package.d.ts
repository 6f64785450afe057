declare module "mnist" {
  /** Ten digits; `get` gives the pixels of one image, from 0 to 1. */
  const mnist: readonly { get(index: number): number[] }[];
  export default mnist;
}
