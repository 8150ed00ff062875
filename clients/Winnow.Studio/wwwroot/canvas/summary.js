// What the page's program is told of the canvas: enough to show it beside the picture, however many shapes there are.

import { boundsOf, gripsOf } from "./geometry.js";
import { countOf } from "./masks.js";

const mostRows = 14;

export function summaryOf(desk) {
  const first = Math.max(0, Math.min((desk.at < 0 ? 0 : desk.at) - 5, desk.entries.length - mostRows));
  const { points: _, rings: __, mask: ___, ...selected } = desk.entry?.it ?? {};
  return {
    count: desk.entries.length, at: desk.at, corner: desk.corner, corners: desk.entry ? gripsOf(desk.entry.it).length : 0,
    place: desk.class, how: desk.how, armed: desk.pending?.kind ?? desk.armed, set: desk.pending?.points.length ?? 0,
    brush: desk.brush, size: desk.size, crosshair: desk.crosshair, alone: desk.alone, hidden: desk.hidden,
    bright: desk.bright, contrast: desk.contrast, canUndo: desk.steps.length > 0, said: desk.said, trouble: desk.trouble ?? null,
    asked: desk.entries.filter((e) => e.asked).length, byKeys: desk.byKeys,
    attributes: selected.attributes ?? null, text: selected.text ?? null,
    points: desk.entry?.it.type === "keypoints" ? gripsOf(desk.entry.it).map((g) => g.seen) : null,
    rows: desk.entries.slice(first, first + mostRows).map(({ it, asked }, i) => {
      const { left, top, right, bottom } = boundsOf(it);
      return {
        at: first + i, place: desk.placeOf(it), kind: it.type, width: Math.round(right - left), height: Math.round(bottom - top),
        points: it.type === "keypoints" ? gripsOf(it).filter((g) => g.seen > 0).length : gripsOf(it).length,
        pixels: it.type === "mask" ? countOf(it.mask) : 0, sure: it.confidence ?? null, asked, text: it.text ?? null,
        turn: it.box?.rotation ?? 0,
      };
    }),
  };
}
