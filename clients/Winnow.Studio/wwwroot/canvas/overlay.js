// What is being worked at, over all else: the selected shape with its handles, what is half drawn, the cross. Few elements, drawn anew in
// each frame in which something changed; sizes are those of the screen, whatever the zoom.

import { cornersOf, gripsOf, ringsOf, sidesOf } from "./geometry.js";
import { svg } from "./view.js";

const mostGrips = 400;

export function drawOverlay(desk) {
  const { view } = desk;
  const paper = view.overlay;
  paper.replaceChildren();
  const at = (x, y) => view.toScreen(x, y);
  const selected = desk.selected;
  if (selected && !desk.hidden) drawShape(paper, selected, desk, at);
  if (desk.pending) drawPending(paper, desk, at);
  if (desk.cross && (desk.pending || desk.armed || desk.brush)) drawCross(paper, desk, at);
}

function path(points, at, closed) {
  let d = "";
  for (let i = 0; i < points.length; i += 2) {
    const { x, y } = at(points[i], points[i + 1]);
    d += `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return closed ? d + "Z" : d;
}

function drawShape(paper, shape, desk, at) {
  const colour = `c${desk.colourOf(shape)}`;
  const d = ringsOf(shape).map((ring) => path(ring, at, shape.type !== "polyline")).join("");
  if (d) {
    svg("path", { class: "casing", d }, paper);
    svg("path", { class: `shape selected ${colour}${shape.type === "polygon" ? " tint" : ""}`, d }, paper);
  }
  if (shape.type === "mask" && !desk.brush) drawFrame(paper, desk.boundsOf(shape), at);
  if (shape.type === "keypoints") drawSkeleton(paper, shape, desk, at, colour);
  drawName(paper, shape, desk, at);
  if (shape.type === "box") for (const [x, y] of sidesOf(shape.box)) square(paper, at(x, y), 3.5, "handle");
  if (shape.type === "keypoints") return;
  const grips = gripsOf(shape);
  if (grips.length > mostGrips) return;
  for (const grip of grips)
    square(paper, at(grip.x, grip.y), grip.at === desk.corner ? 6 : 4.5, grip.at === desk.corner ? "handle held" : "handle");
}

function drawName(paper, shape, desk, at) {
  const { left, top } = desk.boundsOf(shape);
  const { x, y } = at(left, top);
  const name = svg("text", { class: "shape-name", x, y: Math.max(y - 9, 12) }, paper);
  name.textContent = desk.nameOf(shape);
}

function drawFrame(paper, { left, top, right, bottom }, at) {
  const [a, b] = [at(left, top), at(right, bottom)];
  const frame = { x: a.x - 3, y: a.y - 3, width: b.x - a.x + 6, height: b.y - a.y + 6 };
  svg("rect", { class: "casing", ...frame }, paper);
  svg("rect", { class: "shape proposed", ...frame }, paper);
}

function drawSkeleton(paper, shape, desk, at, colour) {
  const points = gripsOf(shape);
  for (const [from, to] of desk.linksOf(shape)) {
    if (!points[from]?.seen || !points[to]?.seen) continue;
    const d = path([points[from].x, points[from].y, points[to].x, points[to].y], at, false);
    svg("path", { class: "casing", d }, paper);
    svg("path", { class: `shape ${colour}`, d }, paper);
  }
  for (const point of points) {
    if (!point.seen) continue;
    const { x, y } = at(point.x, point.y);
    const isHeld = point.at === desk.corner;
    svg("circle", { class: `point ${colour}${point.seen === 1 ? " hidden" : ""}`, cx: x, cy: y, r: isHeld ? 8 : 6 }, paper);
    if (isHeld) svg("circle", { class: "shape", cx: x, cy: y, r: 12 }, paper);
  }
}

function square(paper, { x, y }, half, name) {
  svg("rect", { class: name, x: x - half, y: y - half, width: 2 * half, height: 2 * half }, paper);
}

function drawPending(paper, desk, at) {
  const { pending } = desk;
  const colour = `c${desk.colour}`;
  const points = pending.kind === "keypoints" ? [] : [...pending.points];
  if (pending.kind === "keypoints") {
    drawSkeleton(paper, { type: "keypoints", class: pending.class, points: pending.points.flat() }, desk, at, colour);
    return;
  }
  if (desk.cross && points.length > 0) points.push([desk.cross.x, desk.cross.y]);
  const corners = pending.kind === "box" && pending.points.length === 1 && desk.how !== "extremes" && points.length === 2
    ? cornersOf({ x: Math.min(points[0][0], points[1][0]), y: Math.min(points[0][1], points[1][1]),
      width: Math.abs(points[1][0] - points[0][0]), height: Math.abs(points[1][1] - points[0][1]) })
    : points;
  const d = path(corners.flat(), at, corners !== points);
  svg("path", { class: "casing", d }, paper);
  svg("path", { class: `shape selected ${colour}`, d }, paper);
  for (const [x, y] of pending.points) square(paper, at(x, y), 4.5, "handle");
}

function drawCross(paper, desk, at) {
  const { x, y } = at(desk.cross.x, desk.cross.y);
  if (desk.brush) {
    svg("circle", { class: "casing", cx: x, cy: y, r: desk.size * desk.view.scale }, paper);
    svg("circle", { class: "shape", cx: x, cy: y, r: desk.size * desk.view.scale }, paper);
    return;
  }
  if (!desk.crosshair && !desk.byKeys) return;
  svg("path", { class: "hair-casing", d: `M0 ${y}H${desk.view.across}M${x} 0V${desk.view.down}` }, paper);
  svg("path", { class: "hair", d: `M0 ${y}H${desk.view.across}M${x} 0V${desk.view.down}` }, paper);
}
