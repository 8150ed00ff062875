// Shapes as the API writes them, and what can be done to one: pure, each function gives a new shape. Places are pixels of the upright
// picture.

const toRadians = Math.PI / 180;
const least = 1;

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const round2 = (value) => Math.round(value * 100) / 100;

// The corners of a box, from the upper left one clockwise, turned as it is.
export function cornersOf(box) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const [sin, cos] = [Math.sin((box.rotation ?? 0) * toRadians), Math.cos((box.rotation ?? 0) * toRadians)];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([right, down]) => {
    const [across, along] = [right * box.width / 2, down * box.height / 2];
    return [x + across * cos - along * sin, y + across * sin + along * cos];
  });
}

const pairs = (points, stride = 2) => {
  const all = [];
  for (let i = 0; i < points.length; i += stride) all.push([points[i], points[i + 1]]);
  return all;
};

// What can be grabbed: corners of boxes and regions, points of lines, keypoints that are labelled, each with its place in the shape.
export function gripsOf(shape) {
  switch (shape.type) {
    case "box": return cornersOf(shape.box).map(([x, y], at) => ({ x, y, at }));
    case "polygon": {
      const all = [];
      [shape.points, ...(shape.rings ?? [])].forEach((ring, part) =>
        pairs(ring).forEach(([x, y], i) => all.push({ x, y, part, i, at: all.length })));
      return all;
    }
    case "polyline": case "text": return pairs(shape.points).map(([x, y], i) => ({ x, y, part: 0, i, at: i }));
    case "keypoints": return pairs(shape.points, 3).map(([x, y], i) => ({ x, y, at: i, seen: shape.points[3 * i + 2] }));
    default: return [];
  }
}

// The middles of a box's sides: top, right, bottom, left.
export function sidesOf(box) {
  const c = cornersOf(box);
  return c.map(([x, y], i) => [(x + c[(i + 1) % 4][0]) / 2, (y + c[(i + 1) % 4][1]) / 2]);
}

// Outlines to be drawn, each as x0, y0, x1, y1, …
export function ringsOf(shape) {
  switch (shape.type) {
    case "box": return [cornersOf(shape.box).flat()];
    case "polygon": return [shape.points, ...(shape.rings ?? [])];
    case "polyline": case "text": return [shape.points];
    default: return [];
  }
}

const maskBounds = new WeakMap();

export function boundsOf(shape) {
  if (shape.type === "mask") {
    if (!maskBounds.has(shape.mask)) maskBounds.set(shape.mask, runBounds(shape.mask));
    return maskBounds.get(shape.mask);
  }
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, seen } of gripsOf(shape)) {
    if (seen === 0) continue;
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }
  return { left, top, right, bottom };
}

function runBounds({ height, counts }) {
  let [left, top, right, bottom, at] = [Infinity, Infinity, -Infinity, -Infinity, 0];
  counts.forEach((count, i) => {
    if (i % 2 === 1 && count > 0) {
      const [first, last] = [Math.floor(at / height), Math.floor((at + count - 1) / height)];
      [left, right] = [Math.min(left, first), Math.max(right, last + 1)];
      if (first !== last) [top, bottom] = [0, height];
      else [top, bottom] = [Math.min(top, at % height), Math.max(bottom, (at % height) + count)];
    }
    at += count;
  });
  return { left, top, right, bottom };
}

export function areaOf(shape) {
  const { left, top, right, bottom } = boundsOf(shape);
  return (right - left) * (bottom - top);
}

// ---------- Changes ----------

const withPoints = (shape, map) => ({
  ...shape,
  points: map(shape.points),
  ...(shape.rings ? { rings: shape.rings.map(map) } : {}),
});

const mapped = (change, stride = 2) => (points) => points.map((value, i) => i % stride === 2 ? value
  : stride === 3 && points[i - (i % 3) + 2] === 0 ? value : change(value, i % stride));

// Moves a shape as far as the picture reaches: an upright one with all of it, a turned box by its centre.
export function moved(shape, dx, dy, width, height) {
  if (shape.type === "mask") return shape;
  const turned = shape.type === "box" && shape.box.rotation;
  const [x, y] = turned ? [shape.box.x + shape.box.width / 2, shape.box.y + shape.box.height / 2] : [0, 0];
  const { left, top, right, bottom } = turned ? { left: x, right: x, top: y, bottom: y } : boundsOf(shape);
  dx = clamp(dx, Math.min(0, -left), Math.max(0, width - right));
  dy = clamp(dy, Math.min(0, -top), Math.max(0, height - bottom));
  if (shape.type === "box") return { ...shape, box: { ...shape.box, x: shape.box.x + dx, y: shape.box.y + dy } };
  return withPoints(shape, mapped((value, axis) => value + (axis === 0 ? dx : dy), shape.type === "keypoints" ? 3 : 2));
}

// A box from two opposite corners, turned as it was.
function boxBetween(fixed, free, rotation) {
  const [sin, cos] = [Math.sin(-rotation * toRadians), Math.cos(-rotation * toRadians)];
  const [dx, dy] = [free[0] - fixed[0], free[1] - fixed[1]];
  const width = Math.max(Math.abs(dx * cos - dy * sin), least), height = Math.max(Math.abs(dx * sin + dy * cos), least);
  const [x, y] = [(fixed[0] + free[0]) / 2 - width / 2, (fixed[1] + free[1]) / 2 - height / 2];
  const tidy = rotation === 0 ? (value) => value : round2;
  return { x: tidy(x), y: tidy(y), width: tidy(width), height: tidy(height), ...(rotation === 0 ? {} : { rotation }) };
}

// Puts one grip somewhere else; whatever lies opposite stays.
export function gripMoved(shape, at, x, y, width, height) {
  [x, y] = [clamp(x, 0, width), clamp(y, 0, height)];
  if (shape.type === "box") {
    const opposite = cornersOf(shape.box)[(at + 2) % 4];
    const upright = !shape.box.rotation;
    // A corner never reaches its opposite one: a box of no breadth would be none.
    if (upright && Math.abs(x - opposite[0]) < least) x = opposite[0] + (at === 1 || at === 2 ? least : -least);
    if (upright && Math.abs(y - opposite[1]) < least) y = opposite[1] + (at > 1 ? least : -least);
    return { ...shape, box: boxBetween(opposite, [x, y], shape.box.rotation ?? 0) };
  }
  if (shape.type === "keypoints") {
    const points = [...shape.points];
    points[3 * at] = x;
    points[3 * at + 1] = y;
    if (points[3 * at + 2] === 0) points[3 * at + 2] = 2;
    return { ...shape, points };
  }
  const { part, i } = gripsOf(shape)[at];
  return atRing(shape, part, (ring) => ring.with(2 * i, x).with(2 * i + 1, y));
}

function atRing(shape, part, change) {
  if (part === 0) return { ...shape, points: change(shape.points) };
  return { ...shape, rings: shape.rings.with(part - 1, change(shape.rings[part - 1])) };
}

// Pulls one side of a box; the one that lies opposite stays.
export function sideMoved(shape, side, x, y, width, height) {
  const { box } = shape;
  const rotation = box.rotation ?? 0;
  const [sin, cos] = [Math.sin(rotation * toRadians), Math.cos(rotation * toRadians)];
  const out = [[sin, -cos], [cos, sin], [-sin, cos], [-cos, -sin]][side];
  const opposite = sidesOf(box)[(side + 2) % 4];
  [x, y] = [clamp(x, 0, width), clamp(y, 0, height)];
  const reach = Math.max((x - opposite[0]) * out[0] + (y - opposite[1]) * out[1], least);
  const corners = cornersOf(box);
  const fixed = corners[(side + 2) % 4], beside = corners[(side + 3) % 4];
  return { ...shape, box: boxBetween(fixed, [beside[0] + out[0] * reach, beside[1] + out[1] * reach], rotation) };
}

// Wider and taller about the upper left corner.
export function sized(shape, dx, dy, width, height) {
  if (shape.type === "mask" || shape.type === "keypoints") return shape;
  if (shape.type === "box") {
    const [x, y] = cornersOf(shape.box)[2];
    const turn = (shape.box.rotation ?? 0) * toRadians;
    const grown = [Math.max(shape.box.width + dx, least) - shape.box.width, Math.max(shape.box.height + dy, least) - shape.box.height];
    return gripMoved(shape, 2, x + grown[0] * Math.cos(turn) - grown[1] * Math.sin(turn),
      y + grown[0] * Math.sin(turn) + grown[1] * Math.cos(turn), width, height);
  }
  const { left, top, right, bottom } = boundsOf(shape);
  const across = right > left ? clamp(right - left + dx, least, width - left) / (right - left) : 1;
  const down = bottom > top ? clamp(bottom - top + dy, least, height - top) / (bottom - top) : 1;
  return withPoints(shape, mapped((value, axis) => round2(axis === 0 ? left + (value - left) * across : top + (value - top) * down)));
}

export function turned(shape, degrees) {
  if (shape.type !== "box") return shape;
  const { rotation: _, ...box } = shape.box;
  const rotation = (((shape.box.rotation ?? 0) + degrees) % 360 + 360) % 360;
  return { ...shape, box: rotation === 0 ? box : { ...box, rotation: round2(rotation) } };
}

// A new point after one of them, halfway to the next.
export function gripAdded(shape, at) {
  if (shape.type !== "polygon" && shape.type !== "polyline" && shape.type !== "text") return shape;
  const { part, i } = gripsOf(shape)[at];
  return atRing(shape, part, (ring) => {
    const next = i + 1 < ring.length / 2 ? i + 1 : shape.type === "polyline" ? i - 1 : 0;
    const middle = [Math.round((ring[2 * i] + ring[2 * next]) / 2), Math.round((ring[2 * i + 1] + ring[2 * next + 1]) / 2)];
    return ring.toSpliced(2 * i + 2, 0, ...middle);
  });
}

// Without one of its points; null where too few would be left.
export function gripRemoved(shape, at) {
  if (shape.type === "keypoints") {
    const points = shape.points.toSpliced(3 * at, 3, 0, 0, 0);
    return points.some((value, i) => i % 3 === 2 && value > 0) ? { ...shape, points } : null;
  }
  if (shape.type !== "polygon" && shape.type !== "polyline" && shape.type !== "text") return null;
  const { part, i } = gripsOf(shape)[at];
  const ring = part === 0 ? shape.points : shape.rings[part - 1];
  if (ring.length / 2 <= (shape.type === "polyline" ? 2 : 3)) return null;
  return atRing(shape, part, (all) => all.toSpliced(2 * i, 2));
}

// ---------- Where the pointer is ----------

export function holds(shape, x, y) {
  if (shape.type === "mask") return maskHolds(shape.mask, Math.floor(x), Math.floor(y));
  let inside = false;
  if (shape.type === "polyline" || shape.type === "keypoints") return false;
  for (const ring of ringsOf(shape))
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2)
      if (ring[i + 1] > y !== ring[j + 1] > y
        && x < (ring[j] - ring[i]) * (y - ring[i + 1]) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
  return inside;
}

function maskHolds({ width, height, counts }, x, y) {
  if (x < 0 || y < 0 || x >= width || y >= height) return false;
  let left = x * height + y;
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i];
    if (left < 0) return i % 2 === 1;
  }
  return false;
}

// How far its outline is.
export function distanceTo(shape, x, y) {
  let best = Infinity;
  if (shape.type === "keypoints") {
    for (const grip of gripsOf(shape)) if (grip.seen > 0) best = Math.min(best, Math.hypot(grip.x - x, grip.y - y));
    return best;
  }
  for (const ring of ringsOf(shape)) {
    const closed = shape.type !== "polyline";
    for (let i = closed ? 0 : 2; i < ring.length; i += 2) {
      const j = i === 0 ? ring.length - 2 : i - 2;
      const [ax, ay, bx, by] = [ring[j], ring[j + 1], ring[i], ring[i + 1]];
      const length = (bx - ax) ** 2 + (by - ay) ** 2;
      const share = length === 0 ? 0 : clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1);
      best = Math.min(best, Math.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y));
    }
  }
  return best;
}

export function boxAround(points) {
  const { left, top, right, bottom } = boundsOf({ type: "polyline", points: points.flat() });
  return { x: left, y: top, width: right - left, height: bottom - top };
}
