import { algorithms, type Group, type ParameterShape } from "@sumo/core";

const isOptions = (group: unknown): group is object => typeof group === "object" && group !== null;

/** Adds JAX's layout, unless the group has one. */
export function withLayout(group: Group): Group {
  const layoutOf = ({ shape }: ParameterShape): "out-in" | "in-out" => (shape.length > 2 ? "out-in" : "in-out");
  return isOptions(group) ? { layout: layoutOf, ...group } : group;
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
