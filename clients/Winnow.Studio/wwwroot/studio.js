// What a page can do and a program in WebAssembly cannot: keep answers in the browser's own database, hear keys, hold pictures.
// Entries cross as JSON text. C# decides everything; this module only keeps, hears and shows.

// ---------- The outbox: answers on their way, kept until the server has them ----------

const store = "answers";
const channel = new BroadcastChannel("winnow-outbox");
let database;

function open() {
  database ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("winnow-outbox", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(store, { keyPath: "order", autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => { database = undefined; reject(asked.error); };
  });
  return database;
}

// One transaction: it is on disk when the promise is kept, and nothing of it where it is broken.
async function transact(mode, work) {
  const transaction = (await open()).transaction(store, mode, { durability: "strict" });
  return await new Promise((resolve, reject) => {
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    work(transaction.objectStore(store), (value) => { result = value; });
  });
}

const own = (entries, owner) => entries.filter((e) => e.owner === owner);

function changed() { channel.postMessage("changed"); }

export async function add(json) {
  const entry = JSON.parse(json);
  delete entry.order;
  const order = await transact("readwrite", (answers, give) => {
    answers.add(entry).onsuccess = (event) => give(event.target.result);
  });
  changed();
  return order;
}

export async function list(owner) {
  return JSON.stringify(await transact("readonly", (answers, give) => {
    answers.getAll().onsuccess = (event) => give(own(event.target.result, owner));
  }));
}

// Marks all that wait as being sent, and gives them in order: from now on nobody withdraws them, in this tab or another.
export async function claim(owner, most) {
  return JSON.stringify(await transact("readwrite", (answers, give) => {
    answers.getAll().onsuccess = (event) => {
      const entries = own(event.target.result, owner).filter((e) => e.state !== "refused").slice(0, most);
      for (const entry of entries) if (entry.state !== "sending") answers.put({ ...entry, state: "sending" });
      give(entries);
    };
  }));
}

export async function settle(done, refused, reasons) {
  await transact("readwrite", (answers) => {
    for (const order of done) answers.delete(order);
    refused.forEach((order, i) => {
      answers.get(order).onsuccess = (event) => {
        if (event.target.result) answers.put({ ...event.target.result, state: "refused", reason: reasons[i] });
      };
    });
  });
  changed();
}

// Takes back what was not sent yet; false where it may have been.
export async function withdraw(order) {
  const done = await transact("readwrite", (answers, give) => {
    give(false);
    answers.get(order).onsuccess = (event) => {
      if (event.target.result?.state !== "waiting") return;
      answers.delete(order);
      give(true);
    };
  });
  if (done) changed();
  return done;
}

// One tab sends for all. The lock goes to the next one when this one is closed, killed or reloaded.
export function lead(program, owner) {
  const end = new AbortController();
  stopAll.push(end);
  navigator.locks.request(`winnow-outbox ${owner}`, { signal: end.signal }, () => program.invokeMethodAsync("LeadAsync"))
    .catch((error) => { if (error.name !== "AbortError") throw error; });
  channel.onmessage = () => program.invokeMethodAsync("HearAsync");
  addEventListener("online", () => program.invokeMethodAsync("HearAsync"));
}

const stopAll = [];
export function leave() { for (const end of stopAll.splice(0)) end.abort(); }

// ---------- Keys ----------

let bound = new Set();
let heard;

export function nameOf(event) {
  const digit = /^Digit\d$/.test(event.code);
  const key = event.code === "Space" ? "Space" : digit ? event.code[5] : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && (digit || key.length > 1) ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + shift + key;
}

const types = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";

addEventListener("keydown", (event) => {
  if (!heard || event.repeat || event.isComposing) return;
  const name = nameOf(event);
  if (!bound.has(name)) return;
  const at = document.activeElement;
  // Who types is left alone; a button that has the focus takes its own keys.
  if (at?.matches(types) && !["Enter", "Escape", "F1"].includes(name) && !name.startsWith("Ctrl+Enter")) return;
  if (at?.matches("button, a[href], summary") && ["Enter", "Space"].includes(name)) return;
  event.preventDefault();
  heard.invokeMethodAsync("HearAsync", name);
});

// The next key that is pressed, whatever it means; what is only held with others is none.
export function nextKey() {
  return new Promise((resolve) => {
    const hear = (event) => {
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      removeEventListener("keydown", hear, true);
      resolve(nameOf(event));
    };
    addEventListener("keydown", hear, true);
  });
}

// Who clicks goes on by keyboard: a button that kept the focus would take the space bar.
addEventListener("click", (event) => { if (event.detail > 0) event.target.closest?.(".desk button")?.blur(); });

export function listen(program) { heard = program; }
export function bind(keys) { bound = new Set(keys); }
export function focus(selector) { document.querySelector(selector)?.focus(); }
export function reveal(selector, at) { document.querySelectorAll(selector)[at]?.scrollIntoView({ block: "nearest" }); }
export function columnsOf(selector) {
  const list = document.querySelector(selector);
  return list ? getComputedStyle(list).gridTemplateColumns.split(" ").length : 1;
}
export function back() { history.back(); }
export function blur() { document.activeElement?.blur(); }

// What lies under a dialog is out of reach, however many dialogs lie over it.
let covers = 0;
export function cover(by) {
  covers += by;
  for (const app of document.querySelectorAll(".app")) app.inert = covers > 0;
}

// ---------- Pictures: here before they are shown, and still here when the network is not ----------

const pictures = new Map();

// The picture's own address, which lives as long as the page or until it is let go; null with the status where there is none.
export async function fetchPicture(path) {
  const answer = await fetch(new URL(path, document.baseURI));
  if (!answer.ok) return { url: null, status: answer.status };
  const url = URL.createObjectURL(await answer.blob());
  const picture = new Image();
  picture.src = url;
  try { await picture.decode(); } catch { URL.revokeObjectURL(url); return { url: null, status: 415 }; }
  pictures.set(url, picture);
  return { url, status: 200, width: picture.naturalWidth, height: picture.naturalHeight };
}

export function letGo(url) {
  pictures.delete(url);
  URL.revokeObjectURL(url);
}

// ---------- Files: chosen or dropped, folders too, and read one at a time ----------

const files = [];
let fileHost;

// Where somebody drops, and which fields choose; told of how many there are by then.
export function takeFiles(program) { fileHost = program; }

function bring(some) {
  for (const one of some) files.push(one);
  fileHost?.invokeMethodAsync("CameAsync", files.length);
}

addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches?.("input[type=file]")) return;
  // What a folder is called is no part of the names in it, as little as in an import from a command line.
  bring([...field.files].map((file) => {
    const [root, ...rest] = file.webkitRelativePath.split("/");
    return rest.length > 0 ? { file, path: rest.join("/"), root } : { file, path: file.name };
  }));
  // The same folder may be chosen again.
  field.value = "";
});

const dropsOn = (event) => fileHost && document.querySelector(".drop") && event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => { if (dropsOn(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  if (!dropsOn(event)) return;
  event.preventDefault();
  // Entries are lost once the event is over, so all are taken before the first is looked into.
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry);
  const root = entries.length === 1 && entries[0].isDirectory ? entries[0] : undefined;
  await walk(root ? await inside(root) : entries, "", root?.name);
});

async function walk(entries, folder, root) {
  const here = await Promise.all(entries.filter((entry) => entry.isFile).map(async (entry) =>
    ({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: folder + entry.name, root })));
  if (here.length > 0) bring(here);
  for (const entry of entries) if (entry.isDirectory) await walk(await inside(entry), `${folder}${entry.name}/`, root);
}

// A browser gives a folder out in parts.
async function inside(folder) {
  const [all, reader] = [[], folder.createReader()];
  while (true) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

export function listFiles(first, most) {
  return JSON.stringify(files.slice(first, first + most).map((f) => ({ path: f.path, size: f.file.size, root: f.root })));
}
export async function readFile(at) { return new Uint8Array(await files[at].file.arrayBuffer()); }
export function forgetFiles() { files.length = 0; }

// ---------- Looking away, and coming back ----------

export function watch(program) {
  document.addEventListener("visibilitychange", () => program.invokeMethodAsync("SeenAsync", document.visibilityState === "visible"));
  program.invokeMethodAsync("SeenAsync", document.visibilityState === "visible");
}

// ---------- Light and dark ----------

export function theme(wanted) {
  if (wanted) { document.documentElement.dataset.theme = wanted; localStorage.setItem("winnow-theme", wanted); }
  else { delete document.documentElement.dataset.theme; localStorage.removeItem("winnow-theme"); }
}

const chosen = localStorage.getItem("winnow-theme");
if (chosen) document.documentElement.dataset.theme = chosen;
export function chosenTheme() { return localStorage.getItem("winnow-theme"); }

// ---------- Leaving: tasks that nobody answered go to others at once ----------

export { hold, unhold } from "./held.js";
