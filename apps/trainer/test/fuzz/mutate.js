/** Random numbers of a seed: whole ones below `below`. Mulberry32. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const DEEP = JSON.parse("[".repeat(500) + "]".repeat(500));
/** Values that files of other programs, and of attackers, have in unexpected places. */
const ODD = [
  ...[null, true, false, 0, -1, 1, 2, 0.5, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 1e12, 1e308, -1e308],
  ...["", "x", "0", "\u0000", "\ud800", "<0x0A>", "__proto__", "constructor", "a".repeat(5000), "(", "(a+)+$"],
  ...[[], {}, [[]], [null], [0, 0], [1e9, 1e9], { a: null }, DEEP],
];
const PIECES = [
  "{%",
  "%}",
  "{{",
  "}}",
  "for",
  "in",
  "range(99999999)",
  "set",
  "if",
  "~",
  "|",
  "(",
  ")",
  "[::-1]",
  "*",
  "'",
  "\\",
  "9",
  "-",
  ".",
];

/** A JSON text with one to three of its values replaced, removed, doubled or renamed. */
export function mutatedJson(text, random) {
  const root = { value: JSON.parse(text) };
  for (let i = 0; i <= random(3); i++) {
    let [holder, key] = [root, "value"];
    for (let depth = random(8); depth > 0; depth--) {
      const inner = holder[key];
      if (typeof inner !== "object" || inner === null || Object.keys(inner).length === 0) break;
      const keys = Object.keys(inner);
      [holder, key] = [inner, keys[random(keys.length)]];
    }
    const action = random(8);
    if (action === 0 && holder !== root) delete holder[key];
    else if (action === 1 && holder !== root) holder[`${key}x`] = holder[key];
    else if (action === 2 && typeof holder[key] === "number") holder[key] *= [-1, 2, 0.5, 1e9][random(4)];
    else if (action === 3 && typeof holder[key] === "string") holder[key] = mutatedText(holder[key], random);
    else holder[key] = structuredClone(ODD[random(ODD.length)]);
  }
  return JSON.stringify(root.value);
}

/** A text with a few pieces removed, doubled, moved or put in. */
export function mutatedText(text, random) {
  let out = text;
  for (let i = 0; i <= random(4); i++) {
    const [from, length] = [random(out.length + 1), random(12)];
    const piece = out.slice(from, from + length);
    const action = random(5);
    if (action === 0) out = out.slice(0, from) + out.slice(from + length);
    else if (action === 1) out = out.slice(0, from) + piece + out.slice(from);
    else if (action === 2) out = out.slice(0, from);
    else if (action === 3) out = out.slice(0, from) + PIECES[random(PIECES.length)] + out.slice(from);
    else out = out.slice(0, from) + String.fromCharCode(random(random(4) === 0 ? 65_536 : 128)) + out.slice(from + 1);
  }
  return out;
}

/** Bytes of which some are changed, cut off, doubled or put in. */
export function mutatedBytes(bytes, random) {
  let out = Uint8Array.from(bytes);
  for (let i = 0; i <= random(4); i++) {
    const at = random(out.length + 1);
    const action = random(4);
    if (action === 0) out = out.slice(0, at);
    else if (action === 1)
      out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at - random(9), at), ...out.subarray(at)]);
    else if (at < out.length) out[at] = action === 2 ? random(256) : out[at] ^ (1 << random(8));
  }
  return out;
}
