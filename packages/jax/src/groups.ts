import { algorithms, type Group, type ParameterShape } from "@sumo/core";

const isOptions = (group: unknown): group is Group => typeof group === "object" && group !== null;

/** Adds JAX's layout, and Adam's scale to optimizers that have one, unless the group has others. */
export function withDefaults(group: Group): Group {
  if (!isOptions(group)) return group;
  const layout = ({ shape }: ParameterShape): "out-in" | "in-out" => (shape.length > 2 ? "out-in" : "in-out");
  const { optimizer } = group;
  const isScaled = optimizer === "muon" || (optimizer === "sumo" && group.preset !== "paper");
  return { layout, ...(isScaled && { scale: "adam" }), ...group };
}

/** Makes a single optimizer for matrices apply to hidden ones, unless the group says to which. */
export function withHidden(group: Group): Group {
  const isForMatrices =
    isOptions(group) && Object.hasOwn(algorithms, group.optimizer) && algorithms[group.optimizer].needsMatrix;
  return isForMatrices ? { hidden: "auto", ...group } : group;
}

/** Whether an update depends on the weights. */
export function decays(group: Group): boolean {
  const { weightDecay = 0, others } = group as Group & { readonly weightDecay?: number };
  return weightDecay > 0 || (others?.weightDecay ?? 0) > 0;
}
