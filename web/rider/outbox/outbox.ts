// The outbox as pages see it: what is in it, and what a rider may do with it.
import { computed, readonly, ref, shallowRef, watch } from 'vue'
import { session } from '@shared/session'
import { bodyOf, mayMend, newItem, type Item, type PhotoMark } from './item'
import { readyPhoto, type Photo } from './photo'
import { sendAgain, startSending } from './sender'
import {
  addItem,
  changeItem,
  dropItem,
  dropPhotos,
  listItems,
  toldAlready,
  whenChanged,
  type PhotoBytes,
} from './store'

const all = shallowRef<Item[]>([])
const isRead = ref(false)

/** Everything on this phone, oldest first, kept up to date over all tabs. */
export const items = computed(() => all.value)
export const isOutboxRead = readonly(isRead)
/** What has not arrived whole. */
export const unsent = computed(() => all.value.filter((item) => item.state !== 'draft' && item.doneAt === null))

const RIDER = 'rider'
/** Who wrote here last without having signed out: without a network nobody can tell who is signed in. */
const remembered = ref(Number(localStorage.getItem(RIDER)) || null)

const signedIn = computed(() => (session.value?.kind === 'rider' ? session.value.id : null))

/** The rider in whose name something written now goes; null when nobody is known. */
export const owner = computed(() => (session.value ? signedIn.value : remembered.value))

watch(
  signedIn,
  (id, before) => {
    if (id !== null) {
      remembered.value = id
      localStorage.setItem(RIDER, String(id))
      void sendAgain()
    } else if (before) {
      remembered.value = null
      localStorage.removeItem(RIDER)
    }
  },
  { immediate: true },
)

let isOpen = false
const KEPT_MS = 24 * 3600_000

/** Start reading and sending, once for this page. */
export function openOutbox(): void {
  if (isOpen) return
  isOpen = true
  whenChanged(() => void read())
  void read().then(tidy).catch(toldAlready)
  startSending()
}

async function read(): Promise<void> {
  all.value = await listItems().catch(() => all.value) // `storageTrouble` tells why
  isRead.value = true
}

/** After a day, let go of receipts, and of drafts with nothing in them. */
async function tidy(): Promise<void> {
  for (const item of all.value) {
    const isReceipt = item.doneAt !== null && item.photos.every((photo) => photo.isReceived)
    const isEmpty = item.state === 'draft' && !item.photos.length && !item.words
    if ((isReceipt || isEmpty) && (item.doneAt ?? item.madeAt) < Date.now() - KEPT_MS) await dropItem(item.id)
  }
}

/** Begin a draft, with a photo or without. Throws `NotKept`. */
export async function beginDraft(photo?: Photo): Promise<Item> {
  const empty = newItem(owner.value, Date.now())
  const item = photo ? { ...empty, photos: [markOf(photo)] } : empty
  await addItem(item, photo && [bytesOf(item.id, photo)])
  await read()
  // Asked of the browser once there is something to lose; what it answers changes nothing for us.
  void navigator.storage?.persist?.().catch(() => {})
  return item
}

/** Add a photo to a draft, or begin one with it, and give the draft's id. Throws `PhotoNotTaken`, `NotKept`. */
export async function addPhoto(draft: string | null, file: Blob): Promise<string> {
  const photo = await readyPhoto(file)
  if (draft === null) return (await beginDraft(photo)).id
  const added = (item: Item) =>
    item.photos.some((each) => each.sha256 === photo.sha256)
      ? item
      : { ...item, photos: [...item.photos, markOf(photo)] }
  await changeItem(draft, added, [bytesOf(draft, photo)])
  return draft
}

function markOf({ sha256, type }: Photo): PhotoMark {
  return { sha256, type, isReceived: false, refusal: '' }
}

function bytesOf(item: string, { sha256, type, bytes }: Photo): PhotoBytes {
  return { item, sha256, type, bytes }
}

/** Take a photo out of a draft. */
export async function removePhoto(id: string, sha256: string): Promise<void> {
  await changeDraft(id, (item) => ({ photos: item.photos.filter((photo) => photo.sha256 !== sha256) }))
  await dropPhotos(id, sha256)
}

/** Change what is written in a draft. */
export function changeDraft(id: string, change: (item: Item) => Partial<Item>): Promise<Item | null> {
  return changeItem(id, (item) => (item.state === 'draft' ? { ...item, ...change(item) } : null))
}

/** Put a draft into the outbox: from now on it is sent as soon as it can be. */
export function post(id: string): Promise<Item | null> {
  return changeItem(id, (item) =>
    item.state === 'draft' ? { ...item, state: 'waiting', owner: item.owner ?? owner.value, body: bodyOf(item) } : null,
  )
}

/** Say that what was written before signing in is of who is signed in now. */
export async function claim(id: string): Promise<void> {
  const mine = signedIn.value
  await changeItem(id, (item) => (item.owner === null ? { ...item, owner: mine, delay: null } : null))
}

/** Make a draft of it again, under a new key; null when the service may have it already. */
export function mend(id: string): Promise<Item | null> {
  return changeItem(id, (item) =>
    mayMend(item)
      ? { ...item, state: 'draft', key: crypto.randomUUID(), isTried: false, tries: 0, delay: null, refusal: null }
      : null,
  )
}

/** Send it without what the rider does not agree to; the key is new, for the service has refused the old one. */
export async function sendWithout(id: string, without: { place: boolean; photos: boolean }): Promise<void> {
  if (without.photos) await dropPhotos(id)
  await changeItem(id, (item) => {
    const left = { ...item, photos: without.photos ? [] : item.photos, refusal: null, doneAt: null }
    if (item.state !== 'refused') return left // the report is there already, only photos were refused
    const said = { ...left, place: without.place ? null : item.place, key: crypto.randomUUID(), isTried: false }
    return { ...said, state: 'waiting', body: bodyOf(said) }
  })
}

/** Send what was refused once more as it is, now that what it lacked is there. */
export async function sendAsItIs(id: string): Promise<void> {
  await changeItem(id, (item) => ({
    ...item,
    state: item.receipt ? 'received' : 'waiting',
    refusal: null,
    doneAt: null,
    photos: item.photos.map((photo) => ({ ...photo, refusal: '' })),
  }))
}

/** Forget it on this phone. */
export { dropItem as discard, storageTrouble, toldAlready } from './store'
export { sendAgain, sending } from './sender'
export { mayMend, type Item } from './item'
