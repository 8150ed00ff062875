// The canvas as the page's program sees it: one picture at a time is opened, its shapes are read when they are to be sent. Everything
// between happens here, so that no key and no drag waits for the program.

import { DrawingDesk } from "./pen.js";
import { Input } from "./input.js";
import { read as readDraft, tidy } from "./drafts.js";

let desk, input, place;

export function mount(host, program, json) {
  unmount();
  const config = JSON.parse(json);
  const tokens = getComputedStyle(document.documentElement);
  config.colours = Array.from({ length: 8 }, (_, i) => tokens.getPropertyValue(`--class-${i + 1}`).trim());
  desk = new DrawingDesk(host, config, (state) => program.invokeMethodAsync("FollowAsync", state));
  input = new Input(host, desk, config.keys);
  input.heard = (key) => program.invokeMethodAsync("HearAsync", key);
  input.pointed = desk.pointed = write;
  place = host.parentElement.querySelector(".place");
  tidy().catch(() => { /* Old drafts stay a while longer. */ });
}

export function unmount() {
  input?.dispose();
  desk?.dispose();
  [desk, input] = [undefined, undefined];
}

// Gives what else the draft holds, where there is one and it counts: what was drawn stands in the place of what was proposed then.
export async function open(width, height, json, asked, extra, url, draftKey, resumes) {
  let draft;
  try { draft = await readDraft(draftKey); } catch { /* A browser that keeps nothing has no drafts. */ }
  if (!desk) return null;
  const counts = draft && (resumes || !draft.done);
  desk.open({ width, height, url, draft: draftKey, asked: asked && !counts,
    shapes: counts ? draft.shapes : JSON.parse(json), extra: counts ? draft.extra : extra });
  write(null);
  return counts ? draft.extra : null;
}

export const sharpen = (url) => desk?.view.sharpen(url);
export const act = (name, key) => { desk && input.do(name, key ?? ""); };
export const select = (at) => desk?.select(at, true);
export const setClass = (at) => desk?.setClass(at);
export const setAttribute = (name, json) => desk?.setAttribute(name, JSON.parse(json));
export const setText = (text) => desk?.setText(text);
export const removeAll = () => desk?.removeAll();
export const replaceAll = (json) => desk?.replaceAll(JSON.parse(json));
export const ghosts = (json) => desk?.showGhosts(JSON.parse(json));
export const digits = (areThePages) => { if (desk) desk.digitsLeft = areThePages; };
export const accept = () => desk?.accept();
export const note = (extra) => desk?.note(extra);
export const see = (at, seen) => desk?.see(at, seen);
export const grab = (at) => { if (desk) { desk.corner = at - 1; desk.grab(1); } };
export const lookTo = (bright, contrast) => desk?.lookBy(bright - desk.bright, contrast - desk.contrast);
export const sizeTo = (size) => { if (desk) { desk.size = size; desk.tell(); } };

// The shapes as they are to be sent. A keypoint or place that is half set is none.
export function shapes() { return JSON.stringify(desk?.shapes ?? []); }

// What was said of it is on its way: the draft serves for an undo in this page, and for nothing else.
export function done() { desk?.finishDraft(); }

// Where the pointer is, in pixels of the picture.
let written = "";
function write(at) {
  const words = at ? `${at.x}, ${at.y}` : "";
  if (place && written !== words) place.textContent = written = words;
}
