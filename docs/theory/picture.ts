/** A grey picture, row by row from the top; 0 is black, 1 is white. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
}

/** Draws a wrestler before the sea, with some grain. */
export function drawPicture(width: number, height: number): Picture {
  const pixels = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const [x, y] = [(col + 0.5) / width, (row + 0.5) / height];
      const grain = 0.04 * (fraction(Math.sin(col * 12.9898 + row * 78.233) * 43_758.5453) - 0.5);
      pixels[row * width + col] = Math.min(1, Math.max(0, (wrestlerAt(x, y) ?? landscapeAt(x, y)) + grain));
    }
  }
  return { width, height, pixels };
}

const fraction = (x: number): number => x - Math.floor(x);

function landscapeAt(x: number, y: number): number {
  const ridge = 0.5 - 0.09 * Math.sin(6 * x + 0.5) - 0.05 * Math.sin(15 * x) - 0.015 * Math.sin(47 * x);
  if (y > 0.66) return 0.5 + 0.2 * Math.sin((9 / (y - 0.5)) * 2 + 1.5 * Math.sin(9 * x + 20 * y)) * (1.1 - y);
  if (y > ridge) return 0.3 + 0.25 * (y - ridge) + 0.06 * Math.sin(60 * x + 90 * y);
  if (inside(x, y, 0.74, 0.2, 0.07, 0.105)) return 0.98;
  return 0.92 - 0.45 * y + 0.05 * Math.sin(5 * x + 14 * y) * Math.sin(11 * x - 3 * y);
}

/** Grey of the wrestler, or `undefined` beside him. */
function wrestlerAt(x: number, y: number): number | undefined {
  if (inside(x, y, 0.36, 0.3, 0.022, 0.03) || inside(x, y, 0.36, 0.34, 0.05, 0.035)) return 0.06;
  if (inside(x, y, 0.36, 0.385, 0.05, 0.075)) return 0.8;
  if (y > 0.7 && y < 0.78 && inside(x, y, 0.36, 0.64, 0.135, 0.2)) return 0.12;
  const limbs = [
    [0.36, 0.62, 0.13, 0.19],
    [0.23, 0.6, 0.045, 0.15],
    [0.49, 0.6, 0.045, 0.15],
    [0.27, 0.87, 0.07, 0.14],
    [0.45, 0.87, 0.07, 0.14],
  ] as const;
  return limbs.some(([cx, cy, rx, ry]) => inside(x, y, cx, cy, rx, ry)) ? 0.75 - 0.5 * (x - 0.25) : undefined;
}

function inside(x: number, y: number, cx: number, cy: number, rx: number, ry: number): boolean {
  return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;
}
