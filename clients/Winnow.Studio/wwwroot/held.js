// Leaving: tasks that nobody answered go to others at once. A page that is closed says so itself; for one that was killed the next page of
// the same person does.

const mark = "winnow-held ";
const page = crypto.randomUUID();
let held;

// Held for as long as this page lives, however it ends.
navigator.locks.request(mark + page, () => new Promise(() => { }));

function note() {
  try {
    if (!held || held.images.size === 0) localStorage.removeItem(mark + page);
    else localStorage.setItem(mark + page, JSON.stringify({ path: held.path, owner: held.owner, images: [...held.images] }));
  } catch { /* A browser that keeps nothing has others wait until the lease ends. */ }
}

function release(path, csrf, images, keepalive) {
  const headers = { "Content-Type": "application/json" };
  if (csrf) headers["Winnow-Csrf"] = csrf;
  return fetch(new URL(path, document.baseURI), { method: "POST", keepalive, headers, body: JSON.stringify(images) });
}

const looked = new Set();

// The first time also gives back what pages held that are gone.
export async function hold(path, csrf, owner, images) {
  if (!looked.has(path)) {
    looked.add(path);
    try { await giveBack(path, csrf, owner); } catch { /* Their leases end by themselves. */ }
  }
  held = images.length > 0 ? { path, csrf, owner, images: new Set(images) } : undefined;
  note();
}

export function unhold(image) {
  held?.images.delete(image);
  note();
}

addEventListener("pagehide", () => {
  if (!held || held.images.size === 0) return;
  localStorage.removeItem(mark + page);
  release(held.path, held.csrf, [...held.images], true);
});

// Gives back what pages held that are gone without a word.
async function giveBack(path, csrf, owner) {
  const { held: locks } = await navigator.locks.query();
  const alive = new Set(locks.map((lock) => lock.name));
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(mark) || alive.has(key)) continue;
    const left = JSON.parse(localStorage.getItem(key));
    if (left.path !== path || left.owner !== owner) continue;
    localStorage.removeItem(key);
    await release(path, csrf, left.images, false);
  }
}
