import { fira } from "./fira.ts";
import type { ResidualForm } from "./form.ts";
import { joint } from "./joint.ts";
import { off } from "./off.ts";
import type { Residual } from "./options.ts";
import { raw } from "./raw.ts";

/** Finds the form of an option. */
export function residualForm(residual: Residual): ResidualForm {
  if (residual === "off") return off;
  if (residual === "raw") return raw(1);
  if (residual === "fira") return fira;
  if (residual === "joint") return joint(2);
  return "scale" in residual ? raw(residual.scale) : joint(residual.joint);
}
