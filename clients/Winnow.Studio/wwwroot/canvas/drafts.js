// What is being drawn, kept in the browser's own database with each change: a page that is loaded again or killed goes on where it was.

const store = "drafts";
const longest = 14 * 24 * 3600 * 1000;
const [many, rest] = [200, 150];
let database;

function open() {
  database ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("winnow-drafts", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(store, { keyPath: "key" }).createIndex("at", "at");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => { database = undefined; reject(asked.error); };
  });
  return database;
}

async function transact(mode, work) {
  const transaction = (await open()).transaction(store, mode, { durability: "relaxed" });
  return await new Promise((resolve, reject) => {
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    work(transaction.objectStore(store), (value) => { result = value; });
  });
}

export const read = (key) => transact("readonly", (drafts, give) => {
  drafts.get(key).onsuccess = (event) => give(event.target.result);
});

// What nobody has touched for two weeks goes.
export const tidy = () => transact("readwrite", (drafts) => {
  drafts.index("at").openCursor(IDBKeyRange.upperBound(Date.now() - longest)).onsuccess = ({ target }) => {
    if (!target.result) return;
    target.result.delete();
    target.result.continue();
  };
});

// One is written at a time, and of several that wait for one picture the latest alone: whoever nudges waits for no disk.
const waiting = new Map();
let writing;

export function keep(draft) {
  waiting.set(draft.key, draft);
  writing ??= write();
  return writing;
}

async function write() {
  try {
    while (waiting.size > 0) {
      const drafts = [...waiting.values()];
      waiting.clear();
      await transact("readwrite", (all) => { for (const draft of drafts) all.put(draft); });
      // Thousands of shapes take milliseconds to be handed over: then less often.
      if (drafts.some((draft) => draft.shapes.length > many)) await new Promise((go) => setTimeout(go, rest));
    }
  } finally {
    writing = undefined;
  }
}
