export const NAMES: readonly string[];
export function fuzz(name: string, count: number, first?: number, begun?: (file: number) => void): number;
