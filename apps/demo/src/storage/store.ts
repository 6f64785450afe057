import type { RunRecord } from "../runs/run.ts";
import type { Text } from "../text/text.ts";

/** Contents of the store: the runs of an experiment and their text. */
export interface Stored {
  readonly text: Text;
  readonly records: readonly RunRecord[];
}

const DATABASE = "sumo-demo";
const TEXTS = "texts";
const RUNS = "runs";
const CURRENT = "current";
/** Timeout in milliseconds for the lock, which a reloaded page may release late. */
const LOCK_MS = 500;

/** IndexedDB store of the experiment on the page: its text, and each run's last checkpoint with the log up to it. */
export class Store {
  private readonly database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.database = database;
  }

  /** Opens the store. @throws {Error} if the browser has no database, or another tab of this page uses it. */
  static async open(): Promise<Store> {
    await claim();
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(TEXTS);
      request.result.createObjectStore(RUNS);
    };
    return new Store(await outcome(request));
  }

  /** Reads the experiment, if there is one. */
  async read(): Promise<Stored | undefined> {
    const transaction = this.database.transaction([TEXTS, RUNS]);
    const text: Promise<Text | undefined> = outcome(transaction.objectStore(TEXTS).get(CURRENT));
    const records: Promise<RunRecord[]> = outcome(transaction.objectStore(RUNS).getAll());
    const stored = { text: await text, records: await records };
    return stored.text === undefined || stored.records.length === 0 ? undefined : { ...stored, text: stored.text };
  }

  /** Replaces the experiment. */
  async replace({ text, records }: Stored): Promise<void> {
    await this.write((texts, runs) => {
      texts.clear();
      runs.clear();
      texts.put(text, CURRENT);
      records.forEach((record, i) => {
        runs.put(record, i);
      });
    });
  }

  /** Replaces run `place` atomically. */
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

/** Takes the store's lock, so that two tabs do not overwrite each other's runs. Locks exist on secure origins alone. */
function claim(): Promise<void> {
  if (navigator.locks === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(DATABASE, { signal: AbortSignal.timeout(LOCK_MS) }, () => {
      resolve();
      return new Promise(() => {}); // never resolved: holds the lock until the tab is closed
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
