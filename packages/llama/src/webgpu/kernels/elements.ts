/** Threads of a workgroup that takes elements one by one. */
const THREADS = 256;
/** Workgroups at most: each thread then takes several elements. Below every device's limit. */
const MOST_GROUPS = 32_768;

/** WGSL of a kernel whose threads compute elements `i` of `given.length`, whatever the number of workgroups. */
export const eachElement = (statements: string): string => `
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < given.length; i += groups.x * ${THREADS}u) {${statements}
  }
}`;

/** Workgroups for `length` elements. */
export const groupsOf = (length: number): readonly [x: number, y: number] => [
  Math.min(MOST_GROUPS, Math.ceil(length / THREADS)),
  1,
];
