// Sends what waits: one sender at a time over all tabs, each report once, each photo whole.
//
// A report goes with the key and the body it was given when it was written, as often as it takes; the service answers the
// same key with the same report. Who is signed in is asked before, and the word of just that session goes with the
// request: were somebody else to sign in on this phone in between, the service would refuse it.
import { ref, readonly } from 'vue'
import { currentLanguage } from '@shared/words'
import { noAnswer, Problem, problemOf, type Schemas } from '@shared/api'
import { readSession, session } from '@shared/session'
import { isRefusal, restAfter, type Item } from './item'
import {
  changeItem,
  dropPhotos,
  findItem,
  listItems,
  listPhotos,
  toldAlready,
  whenChanged,
  type PhotoBytes,
} from './store'

const ANSWER_MS = 30_000
/** The service gives a photo two minutes. */
const PHOTO_MS = 130_000

/** What this tab is sending: which item, and how many of its parts (the report and each photo) are through. */
export interface Sending {
  id: string
  done: number
  parts: number
}
const now = ref<Sending | null>(null)
export const sending = readonly(now)

let timer = 0
let running: Promise<void> | null = null
/** After something that is no answer at all, such as a full disk, so long nothing is tried. */
const PAUSE_MS = 10_000
let pauseUntil = 0

/** Send all that is due, after whichever tab is sending already. Never throws. */
export function sendDue(): Promise<void> {
  running ??= sendInTurn().finally(() => {
    running = null
    void wakeForNext()
  })
  return running
}

async function sendInTurn(): Promise<void> {
  try {
    await navigator.locks.request('outbox', sendAll)
  } catch {
    pauseUntil = Date.now() + PAUSE_MS
  }
  now.value = null
}

/** Let everything that only waited for a network, or for a sign-in, be due, and send. */
export async function sendAgain(): Promise<void> {
  await letRestEnd().catch(toldAlready)
  await sendDue()
}

async function letRestEnd(): Promise<void> {
  for (const item of await listItems())
    if (item.delay && item.delay.cause !== 'busy') await changeItem(item.id, (it) => ({ ...it, delay: null }))
}

/** Keep sending while this page lives. */
export function startSending(): void {
  addEventListener('online', () => void sendAgain())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void sendAgain()
  })
  whenChanged(() => void wakeForNext())
  void sendAgain()
}

function isToSend(item: Item): boolean {
  return item.state === 'waiting' || (item.state === 'received' && item.doneAt === null)
}

/** Wake up when the next item is due: at once for a new one. */
async function wakeForNext(): Promise<void> {
  const items = (await listItems().catch(() => [])).filter(isToSend)
  clearTimeout(timer)
  const due = items.filter((item) => item.owner !== null).map((item) => item.delay?.until ?? 0)
  const rest = Math.max(Math.min(...due), pauseUntil) - Date.now()
  if (due.length) timer = window.setTimeout(() => void sendDue(), Math.max(rest, 0))
}

async function sendAll(): Promise<void> {
  for (;;) {
    const [item] = (await listItems()).filter(
      (each) => isToSend(each) && each.owner !== null && (each.delay?.until ?? 0) <= Date.now(),
    )
    if (!item) return
    try {
      await sendOne(item)
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      await putOff(item, problem)
    }
  }
}

/** Note why an item is not through, and let it rest. */
async function putOff(item: Item, problem: Problem): Promise<void> {
  const cause = problem.status === 0 ? 'offline' : problem.status === 401 ? 'sign-in' : 'busy'
  await changeItem(item.id, (it) => {
    const until = Date.now() + restAfter(it.tries, problem, Math.random())
    return { ...it, tries: it.tries + 1, delay: { cause, words: problem.message, until } }
  })
}

async function sendOne(item: Item): Promise<void> {
  const word = await proveOwner(item)
  const parts = 1 + item.photos.length
  now.value = { id: item.id, done: 0, parts }
  const taken = item.receipt ? item : await sendReport(item, word)
  if (!taken) return
  for (const bytes of await listPhotos(item.id)) {
    const left = taken.photos.filter((photo) => !photo.isReceived)
    now.value = { id: item.id, done: parts - left.length, parts }
    if (left.some((photo) => photo.sha256 === bytes.sha256 && !photo.refusal)) await sendPhoto(taken, bytes, word)
  }
  await finish(item.id)
}

/** Give the word of the session of the rider to whom an item belongs; throws a 401 when he is not signed in. */
async function proveOwner(item: Item): Promise<string> {
  await readSession()
  const me = session.value
  if (me?.kind === 'rider' && me.id === item.owner) return me.csrf_token ?? ''
  throw new Problem(401, 'sign-in-required', '', '')
}

/** Send the report and give it with its receipt; null when the service refused it, or the item is gone. */
async function sendReport(item: Item, word: string): Promise<Item | null> {
  // From here on the service may have it: what is written down first can be trusted after any crash.
  const tried = await changeItem(item.id, (it) => (it.state === 'waiting' ? { ...it, isTried: true } : null))
  if (!tried) return null
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': tried.key }
  try {
    const init = { method: 'POST', headers, body: tried.body }
    const report = await ask<Schemas['Report']>('/api/v1/reports', init, word, ANSWER_MS)
    return await changeItem(item.id, (it) => ({
      ...it,
      state: 'received',
      receipt: { id: report.id, number: report.case_number },
      delay: null,
      tries: 0,
    }))
  } catch (problem) {
    if (!(problem instanceof Problem) || !isRefusal(problem)) throw problem
    await refuse(item.id, problem)
    return null
  }
}

function refuse(id: string, problem: Problem): Promise<Item | null> {
  const { status, slug, message, errors } = problem
  const refusal = { status, slug, words: message, fields: errors }
  return changeItem(id, (it) => ({ ...it, state: it.receipt ? it.state : 'refused', delay: null, refusal }))
}

/** Send what the service lacks of one photo. */
async function sendPhoto(item: Item, photo: PhotoBytes, word: string): Promise<void> {
  const { sha256, type, bytes } = photo
  const { received } = await ask<Schemas['Upload']>(`/api/v1/photo-uploads/${sha256}`, {}, word, ANSWER_MS)
  const offset = Math.min(received, bytes.byteLength)
  const path = `/api/v1/reports/${item.receipt!.id}/photos/${sha256}?offset=${offset}`
  try {
    const body = new Blob([bytes.slice(offset)])
    await ask(path, { method: 'PUT', headers: { 'Content-Type': type }, body }, word, PHOTO_MS)
  } catch (problem) {
    // Bytes that changed on the way, or were forgotten meanwhile, are sent again; what the photo itself is not.
    const isOfTheWay = problem instanceof Problem && /^(photo-hash-mismatch|upload-offset-beyond)$/.test(problem.slug)
    if (!(problem instanceof Problem) || !isRefusal(problem) || isOfTheWay) throw problem
    if (problem.slug === 'consent-needed') await refuse(item.id, problem)
    return void (await markPhoto(item.id, sha256, { refusal: problem.message }))
  }
  await markPhoto(item.id, sha256, { isReceived: true })
}

function markPhoto(id: string, sha256: string, mark: { isReceived?: boolean; refusal?: string }): Promise<Item | null> {
  const marked = (item: Item) => item.photos.map((photo) => (photo.sha256 === sha256 ? { ...photo, ...mark } : photo))
  return changeItem(id, (it) => ({ ...it, photos: marked(it), delay: null, tries: 0 }))
}

/** When the service has all of it, keep the receipt for a while and let the bytes go. */
async function finish(id: string): Promise<void> {
  const item = await findItem(id)
  if (!item?.receipt) return
  if (item.photos.every((photo) => photo.isReceived || photo.refusal)) {
    const isWhole = item.photos.every((photo) => photo.isReceived)
    await changeItem(id, (it) => ({ ...it, doneAt: Date.now() }))
    if (isWhole) await dropPhotos(id)
  }
}

/** Ask the service as the page does, but with the word of this one session. Throws a `Problem` for all but success. */
async function ask<T>(path: string, init: RequestInit, word: string, within: number): Promise<T> {
  const headers = { ...init.headers, 'Accept-Language': currentLanguage(), ...(word ? { 'X-CSRF-Token': word } : {}) }
  try {
    const answer = await fetch(path, { ...init, headers, signal: AbortSignal.timeout(within) })
    if (answer.ok) return (await answer.json()) as T
    throw await problemOf(answer)
  } catch (error) {
    throw error instanceof Problem ? error : noAnswer()
  }
}
