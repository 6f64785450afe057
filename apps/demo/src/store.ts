import type { RunRecord } from "./run.ts";
import type { Text } from "./text.ts";

/** What outlives a reload. */
export interface Kept {
  readonly text: Text;
  readonly records: readonly RunRecord[];
}

const DATABASE = "sumo-demo";
const TEXTS = "texts";
const RUNS = "runs";
const CURRENT = "current";
/** A page that is being reloaded may hold the lock a moment longer. */
const LOCK_MS = 500;

/** The browser's memory of the experiment on the page: its text, and each run's last checkpoint with the log up to it. */
export class Store {
  private readonly database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.database = database;
  }

  /** @throws {Error} if the browser keeps nothing, or another tab of this page already keeps its own. */
  static async open(): Promise<Store> {
    await claim();
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(TEXTS);
      request.result.createObjectStore(RUNS);
    };
    return new Store(await outcome(request));
  }

  /** What was kept last, if anything. */
  async read(): Promise<Kept | undefined> {
    const transaction = this.database.transaction([TEXTS, RUNS]);
    const text: Promise<Text | undefined> = outcome(transaction.objectStore(TEXTS).get(CURRENT));
    const records: Promise<RunRecord[]> = outcome(transaction.objectStore(RUNS).getAll());
    const kept = { text: await text, records: await records };
    return kept.text === undefined || kept.records.length === 0 ? undefined : { ...kept, text: kept.text };
  }

  /** Keeps this experiment instead of the one before. */
  async replace({ text, records }: Kept): Promise<void> {
    await this.write((texts, runs) => {
      texts.clear();
      runs.clear();
      texts.put(text, CURRENT);
      records.forEach((record, i) => {
        runs.put(record, i);
      });
    });
  }

  /** Keeps the latest of run `place`. All of it or nothing. */
  async update(record: RunRecord, place: number): Promise<void> {
    await this.write((_, runs) => {
      runs.put(record, place);
    });
  }

  async clear(): Promise<void> {
    await this.write((texts, runs) => {
      texts.clear();
      runs.clear();
    });
  }

  private write(change: (texts: IDBObjectStore, runs: IDBObjectStore) => void): Promise<void> {
    const transaction = this.database.transaction([TEXTS, RUNS], "readwrite");
    change(transaction.objectStore(TEXTS), transaction.objectStore(RUNS));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser refused to keep the run"));
    });
  }
}

/** One tab keeps its runs; two would overwrite each other's. Browsers have locks on secure origins alone. */
function claim(): Promise<void> {
  if (navigator.locks === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(DATABASE, { signal: AbortSignal.timeout(LOCK_MS) }, () => {
      resolve();
      return new Promise(() => {}); // until the tab is closed
    });
    held.catch(() => reject(new Error("another tab of this page keeps its own runs")));
  });
}

function outcome<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}
