/**
 * Optimizers of the hidden matrices: their options for a run of `steps` steps, and the rate at which the search begins. Subspaces are refreshed
 * eight times a run at every number of steps, and have a quarter of the width, which is core's default rank. `share` of the steps, and so of the
 * tokens, is all that a contestant gets; the others get all.
 */
export const CONTESTANTS = {
  AdamW: { rate: 1e-3, options: () => ({ optimizer: "adamw" }) },
  GaLore: { rate: 4e-3, options: (steps) => ({ optimizer: "galore", refresh: refresh(steps) }) },
  SOAP: { rate: 2e-3, options: () => ({ optimizer: "soap" }) },
  Muon: { rate: 2e-3, options: () => muon() },
  "Muon, equal rows": { rate: 4e-3, options: () => muon({ equilibrate: "rows" }) },
  "Muon, 8 bits, equal rows": { rate: 4e-3, options: () => muon({ stateBits: 8, equilibrate: "rows" }) },
  "Muon, 4 bits, equal rows": { rate: 4e-3, options: () => muon({ stateBits: 4, equilibrate: "rows" }) },
  "Muon, 4 bits, equal rows, AdamW in 8": {
    rate: 4e-3,
    options: () => muon({ stateBits: 4, equilibrate: "rows", others: { stateBits: 8 } }),
  },
  "Muon, 4 bits, equal rows, AdamW in 8, 1.6 times fewer steps": {
    rate: 4e-3,
    share: 1 / 1.6,
    options: () => muon({ stateBits: 4, equilibrate: "rows", others: { stateBits: 8 } }),
  },
  "Muon, 4 bits": { rate: 2e-3, options: () => muon({ stateBits: 4 }) },
  "Muon without momentum": { rate: 8e-3, options: () => muon({ momentum: 0 }) },
  "Muon without momentum, equal rows": { rate: 8e-3, options: () => muon({ momentum: 0, equilibrate: "rows" }) },
  SUMO: { rate: 1e-3, options: (steps) => sumo(steps) },
  "SUMO, 8 bits": { rate: 1e-3, options: (steps) => sumo(steps, { stateBits: 8 }) },
  "SUMO, joint": { rate: 4e-3, options: (steps) => sumo(steps, { residual: "joint" }) },
  "SUMO, joint, equal rows": {
    rate: 4e-3,
    options: (steps) => sumo(steps, { residual: "joint", equilibrate: "rows" }),
  },
  "SUMO, joint, 8 bits": { rate: 4e-3, options: (steps) => sumo(steps, { residual: "joint", stateBits: 8 }) },
  "SUMO, 8 bits, AdamW in 8": {
    rate: 1e-3,
    options: (steps) => sumo(steps, { stateBits: 8, others: { stateBits: 8 } }),
  },
};

const refresh = (steps) => ({ every: steps / 8 });

/** With SUMO's default momentum, which ends no higher than Muon's own 0.95 in so few steps. */
const muon = (more = {}) => ({ optimizer: "muon", momentum: 0.9, ...more });

const sumo = (steps, more = {}) => ({ optimizer: "sumo", refresh: refresh(steps), ...more });
