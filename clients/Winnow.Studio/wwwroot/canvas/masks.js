// Masks: run lengths as the API has them (columns from left to right, each from top to bottom), and the pixels that a brush works on.

// Pixels in the order of the runs, so that a column lies in one piece.
export function pixelsOf({ width, height, counts }) {
  const pixels = new Uint8Array(width * height);
  let at = 0;
  counts.forEach((count, i) => {
    if (i % 2 === 1) pixels.fill(1, at, at + count);
    at += count;
  });
  return pixels;
}

export function runsOf(pixels, width, height) {
  const counts = [];
  for (let at = 0, value = 0; at < pixels.length; value = 1 - value) {
    const found = pixels.indexOf(1 - value, at);
    const end = found < 0 ? pixels.length : found;
    counts.push(end - at);
    at = end;
  }
  return { width, height, counts };
}

const isSet = (pixels) => pixels.indexOf(1) >= 0;

export const maskOf = (pixels, width, height) => isSet(pixels) ? runsOf(pixels, width, height) : null;

// A disc of the brush between two places: every pixel whose centre lies within it. Gives the columns that it touched.
export function stroke(pixels, width, height, from, to, radius, value) {
  const left = Math.max(0, Math.floor(Math.min(from[0], to[0]) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(from[0], to[0]) + radius));
  const top = Math.max(0, Math.floor(Math.min(from[1], to[1]) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from[1], to[1]) + radius));
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  for (let x = left; x <= right; x++)
    for (let y = top; y <= bottom; y++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const share = length === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / length, 0), 1);
      if ((px - share * dx) ** 2 + (py - share * dy) ** 2 <= radius * radius) pixels[x * height + y] = value;
    }
  return { left, top, right: right + 1, bottom: bottom + 1 };
}

// Fills a polygon: pixels whose centres an odd number of its sides lie above.
export function fill(pixels, width, height, points, value) {
  const n = points.length / 2;
  for (let x = 0; x < width; x++) {
    const crossings = [];
    for (let i = 0, j = n - 1; i < n; j = i++) {
      const [ax, ay, bx, by] = [points[2 * j], points[2 * j + 1], points[2 * i], points[2 * i + 1]];
      if (ax > x + 0.5 !== bx > x + 0.5) crossings.push(ay + (x + 0.5 - ax) * (by - ay) / (bx - ax));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [top, bottom] = [Math.max(0, Math.ceil(crossings[i] - 0.5)), Math.min(height, Math.ceil(crossings[i + 1] - 0.5))];
      if (bottom > top) pixels.fill(value, x * height + top, x * height + bottom);
    }
  }
}

export function countOf({ counts }) {
  let set = 0;
  for (let i = 1; i < counts.length; i += 2) set += counts[i];
  return set;
}
