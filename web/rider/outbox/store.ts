// Drafts and the outbox in IndexedDB, and how tabs hear of each other's changes. Every write is on the disk before it is told.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { shallowReadonly, shallowRef } from 'vue'
import type { Item } from './item'

interface Boxes extends DBSchema {
  items: { key: string; value: Item }
  photos: { key: [string, string]; value: PhotoBytes }
}

/** The bytes of a photo as they are sent; a buffer, for not every browser keeps a Blob. */
export interface PhotoBytes {
  item: string
  sha256: string
  type: string
  bytes: ArrayBuffer
}

/** The phone does not keep what it was given: no room left (`full`), or a browser that keeps nothing (`closed`). */
export class NotKept extends Error {
  constructor(readonly cause: 'full' | 'closed') {
    super(cause)
  }
}

const lastTrouble = shallowRef<NotKept | null>(null)
/** Why the phone did not keep what it was given last; null again once it does. */
export const storageTrouble = shallowReadonly(lastTrouble)

/** Let pass what the phone did not keep: `storageTrouble` tells of it on the page. */
export function toldAlready(error: unknown): null {
  if (error instanceof NotKept) return null
  throw error
}

const STRICT = { durability: 'strict' } as const
const told = new BroadcastChannel('outbox')
let opening: Promise<IDBPDatabase<Boxes>> | null = null

function boxes(): Promise<IDBPDatabase<Boxes>> {
  opening ??= openDB<Boxes>('outbox', 1, {
    upgrade(db) {
      db.createObjectStore('items', { keyPath: 'id' })
      db.createObjectStore('photos', { keyPath: ['item', 'sha256'] })
    },
    terminated: () => (opening = null),
  }).catch((error: unknown) => {
    opening = null
    throw error
  })
  return opening
}

async function kept<T>(work: (db: IDBPDatabase<Boxes>) => Promise<T>): Promise<T> {
  try {
    const done = await work(await boxes())
    if (lastTrouble.value?.cause === 'closed') lastTrouble.value = null
    return done
  } catch (error) {
    if (!(error instanceof DOMException) || error.name === 'DataCloneError') throw error
    throw (lastTrouble.value = new NotKept(error.name === 'QuotaExceededError' ? 'full' : 'closed'))
  }
}

/** Give every item, oldest first. */
export async function listItems(): Promise<Item[]> {
  const items = await kept((db) => db.getAll('items'))
  return items.sort((one, other) => one.madeAt - other.madeAt)
}

export function findItem(id: string): Promise<Item | undefined> {
  return kept((db) => db.get('items', id))
}

/** Give the bytes of the photos of an item. */
export function listPhotos(id: string): Promise<PhotoBytes[]> {
  return kept((db) => db.getAll('photos', IDBKeyRange.bound([id], [id, []])))
}

/** Keep a new item together with its photos, or nothing of it. */
export async function addItem(item: Item, photos: PhotoBytes[] = []): Promise<void> {
  await kept(async (db) => {
    const act = db.transaction(['items', 'photos'], 'readwrite', STRICT)
    const puts = [act.objectStore('items').put(item), ...photos.map((photo) => act.objectStore('photos').put(photo))]
    await Promise.all([...puts, act.done])
  })
  tell()
}

/**
 * Change what is kept of an item, together with photos to add, and give it as it then is. What `change` refuses by
 * returning null, or what is gone, stays as it is, and null is given: nobody brings back what another tab deleted.
 */
export async function changeItem(
  id: string,
  change: (item: Item) => Item | null,
  photos: PhotoBytes[] = [],
): Promise<Item | null> {
  const changed = await kept(async (db) => {
    const act = db.transaction(['items', 'photos'], 'readwrite', STRICT)
    const found = await act.objectStore('items').get(id)
    const next = found ? change(found) : null
    const puts = next
      ? [act.objectStore('items').put(next), ...photos.map((photo) => act.objectStore('photos').put(photo))]
      : []
    await Promise.all([...puts, act.done])
    return next
  })
  if (changed) tell()
  return changed
}

/** Keep a photo of something that is no item, under a name of its own. */
export async function keepPhoto(photo: PhotoBytes): Promise<void> {
  await kept((db) => db.put('photos', photo))
}

/** Forget photos of an item: these, or all of them. */
export async function dropPhotos(id: string, sha256?: string): Promise<void> {
  const which = sha256 === undefined ? IDBKeyRange.bound([id], [id, []]) : IDBKeyRange.only([id, sha256])
  await kept((db) => db.delete('photos', which))
}

/** Forget an item and its photos. */
export async function dropItem(id: string): Promise<void> {
  await kept(async (db) => {
    const act = db.transaction(['items', 'photos'], 'readwrite', STRICT)
    await act.objectStore('items').delete(id)
    await act.objectStore('photos').delete(IDBKeyRange.bound([id], [id, []]))
    await act.done
  })
  tell()
}

const hearers = new Set<() => void>()

/** Call `hear` after each change, in whichever tab it was made. */
export function whenChanged(hear: () => void): void {
  hearers.add(hear)
}

function tell(): void {
  lastTrouble.value = null
  told.postMessage('changed')
  hearAll()
}

function hearAll(): void {
  for (const hear of hearers) hear()
}

told.onmessage = hearAll
