import { SVD } from "svd-js";

/** svd-js: float64, arrays of rows, at most as many columns as rows. */
export const load = async () => [
  {
    name: "svd-js",
    svd({ dtype, m, n }, { data }) {
      if (dtype !== "float64" || m < n) return undefined;
      const rows = Array.from({ length: m }, (_, i) => Array.from(data.subarray(i * n, (i + 1) * n)));
      let out;
      return {
        run() {
          out = SVD(rows);
        },
        result: () => ({
          u: Float64Array.from(out.u.flat()),
          s: Float64Array.from(out.q),
          vt: Float64Array.from(out.q.flatMap((_, i) => out.v.map((row) => row[i]))),
        }),
      };
    },
  },
];
