// What the service last answered about stations, kept on the phone for when there is no network. It is shown as old.
import { openDB, type IDBPDatabase } from 'idb'

export interface Remembered<T> {
  answer: T
  /** When it was answered, in milliseconds. */
  at: number
}

const STORE = 'answers'
let opening: Promise<IDBPDatabase> | null = null

// A browser that lets nothing be kept throws at once, instead of refusing later.
async function open(): Promise<IDBPDatabase> {
  opening ??= openDB('finding', 1, { upgrade: (database) => void database.createObjectStore(STORE) })
  return opening
}

/** Keep an answer under a name, in place of the one before. A phone that keeps nothing is no reason to fail. */
export async function remember<T>(name: string, answer: T): Promise<void> {
  const kept: Remembered<T> = { answer, at: Date.now() }
  await open()
    .then((database) => database.put(STORE, kept, name))
    .catch(() => {})
}

/** Give what is kept under a name. */
export async function recall<T>(name: string): Promise<Remembered<T> | null> {
  return open()
    .then((database) => database.get(STORE, name) as Promise<Remembered<T> | undefined>)
    .then((kept) => kept ?? null)
    .catch(() => null)
}
