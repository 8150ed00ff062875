// Paints shapes beside the page's own thread: it is told what to draw and from where it is looked at, and gives pictures back. It knows
// nothing of labels, and needs no other module: workers have no map of them.

const items = new Map();
const masks = new Map();
const casing = "#000000b8";
const mostNames = 120;
let canvas;

onmessage = ({ data }) => {
  if (data.clear) { items.clear(); masks.clear(); }
  for (const key of data.gone ?? []) { items.delete(key); masks.delete(key); }
  for (const item of data.items ?? []) { items.set(item.key, item); masks.delete(item.key); }
  if (data.view) paint(data.view);
};

function paint(view) {
  const { width, height, ratio, margin } = view;
  const [across, down] = [Math.ceil((width + 2 * margin) * ratio), Math.ceil((height + 2 * margin) * ratio)];
  if (canvas?.width !== across || canvas.height !== down) canvas = new OffscreenCanvas(across, down);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, across, down);
  const shown = [];
  for (const item of items.values()) {
    if (item.key === view.without || view.hidden || view.alone) continue;
    const [left, top] = [item.left * view.scale + view.x + margin, item.top * view.scale + view.y + margin];
    const [right, bottom] = [item.right * view.scale + view.x + margin, item.bottom * view.scale + view.y + margin];
    if (right < -8 || bottom < -8 || left > width + 2 * margin + 8 || top > height + 2 * margin + 8) continue;
    shown.push({ item, left, top, right, bottom });
  }
  for (const one of shown) if (one.item.mask) drawMask(pen, one);
  pen.lineJoin = "round";
  for (const one of shown) outline(pen, one, view, casing, 5);
  for (const one of shown) outline(pen, one, view, one.item.colour, 2);
  for (const one of shown) if (one.item.dots) drawDots(pen, one.item, view);
  if (shown.length <= mostNames) for (const one of shown) drawName(pen, one);
  const picture = canvas.transferToImageBitmap();
  postMessage({ picture, view }, [picture]);
}

function outline(pen, { item, left, top, right, bottom }, view, colour, breadth) {
  if (!item.upright && !item.rings.length && !item.links) return;
  pen.lineWidth = breadth;
  pen.strokeStyle = colour;
  pen.setLineDash(item.dashed && breadth < 5 ? [7, 5] : []);
  if (item.upright) {
    pen.strokeRect(left, top, right - left, bottom - top);
    return;
  }
  pen.beginPath();
  for (const ring of item.rings) trace(pen, ring, view, item.closed);
  for (const [from, to] of item.links ?? []) {
    pen.moveTo(item.dots[from].x * view.scale + view.x + view.margin, item.dots[from].y * view.scale + view.y + view.margin);
    pen.lineTo(item.dots[to].x * view.scale + view.x + view.margin, item.dots[to].y * view.scale + view.y + view.margin);
  }
  if (item.area && breadth < 5) {
    pen.globalAlpha = 0.22;
    pen.fillStyle = colour;
    pen.fill("evenodd");
    pen.globalAlpha = 1;
  }
  pen.stroke();
}

function trace(pen, ring, view, closed) {
  for (let i = 0; i < ring.length; i += 2) {
    const [x, y] = [ring[i] * view.scale + view.x + view.margin, ring[i + 1] * view.scale + view.y + view.margin];
    if (i === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  }
  if (closed) pen.closePath();
}

function drawDots(pen, item, view) {
  for (const { x, y, seen } of item.dots) {
    if (seen === 0) continue;
    pen.beginPath();
    pen.arc(x * view.scale + view.x + view.margin, y * view.scale + view.y + view.margin, 5, 0, 7);
    pen.setLineDash([]);
    pen.lineWidth = 2;
    pen.fillStyle = seen === 1 ? "#000" : item.colour;
    pen.strokeStyle = seen === 1 ? item.colour : "#000";
    pen.fill();
    pen.stroke();
  }
}

function drawMask(pen, { item, left, top, right, bottom }) {
  let bits = masks.get(item.key);
  if (!bits) masks.set(item.key, bits = bitsOf(item));
  pen.globalAlpha = 0.45;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(bits, left, top, right - left, bottom - top);
  pen.globalAlpha = 1;
}

// The pixels of a mask within its bounds, in its colour.
function bitsOf(item) {
  const { height, counts } = item.mask;
  const [across, down] = [item.right - item.left, item.bottom - item.top];
  const bits = new OffscreenCanvas(across, down);
  const pen = bits.getContext("2d");
  pen.fillStyle = item.colour;
  let at = 0;
  counts.forEach((count, i) => {
    for (let left = i % 2 === 1 ? count : 0, from = at; left > 0;) {
      const y = from % height;
      const run = Math.min(left, height - y);
      pen.fillRect(Math.floor(from / height) - item.left, y - item.top, 1, run);
      [left, from] = [left - run, from + run];
    }
    at += count;
  });
  return bits;
}

function drawName(pen, { item, left, top }) {
  if (!item.name) return;
  pen.font = "600 12px sans-serif";
  const breadth = pen.measureText(item.name).width + 10;
  const y = Math.max(top - 19, 0);
  pen.fillStyle = casing;
  pen.fillRect(left - 1, y, breadth, 18);
  pen.fillStyle = "#fff";
  pen.fillText(item.name, left + 4, y + 13);
}
