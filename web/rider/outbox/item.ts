// What is kept of a report on the phone until the service has all of it. Pure: no storage, no network.
import type { Problem, Schemas } from '@shared/api'

/** Where a report was seen, in WGS-84, with the radius in metres that the phone believes to be in. */
export interface Place {
  lon: number
  lat: number
  accuracy: number | null
  /** The area's names from the root on, as far as they were known then. */
  area: string[]
}

/** What a photo is called and whether the service has it; its bytes lie beside, under the same name. */
export interface PhotoMark {
  sha256: string
  type: string
  isReceived: boolean
  /** Why the service does not take it, in its own words. */
  refusal: string
}

/** Why an item is not through yet, in words, and until when it rests. */
export interface Delay {
  cause: 'offline' | 'busy' | 'sign-in'
  words: string
  until: number
}

/** Why the service did not take an item: its words, and what it named. */
export interface Refusal {
  status: number
  slug: string
  words: string
  fields: { pointer: string; detail: string }[]
}

/**
 * A report on its way. `draft` → `waiting` → gone, or back by `refused`:
 *
 * - `draft`: being written; no request was made with its key.
 * - `waiting`: to be sent. Once `isTried`, the service may have it, and neither key nor body ever change.
 * - `refused`: the service said no to this key and this body, so it has not got it.
 * - `received`: the service has it (`receipt`); photos may still be on their way. All there: `doneAt`, and it soon goes.
 */
export interface Item {
  id: string
  key: string
  /** The rider in whose name it goes; null when written before signing in, until somebody says that it is his. */
  owner: number | null
  state: 'draft' | 'waiting' | 'refused' | 'received'
  madeAt: number
  photos: PhotoMark[]
  /** null: not asked yet, or left out (`isPlaceSkipped`). */
  place: Place | null
  isPlaceSkipped: boolean
  category: string
  words: string
  answers: Record<string, string>
  /** The body as it is sent each time, made when the item left the draft. */
  body: string
  isTried: boolean
  tries: number
  delay: Delay | null
  refusal: Refusal | null
  receipt: { id: number; number: string } | null
  doneAt: number | null
}

export function newItem(owner: number | null, now: number): Item {
  return {
    id: crypto.randomUUID(),
    key: crypto.randomUUID(),
    owner,
    state: 'draft',
    madeAt: now,
    photos: [],
    place: null,
    isPlaceSkipped: false,
    category: '',
    words: '',
    answers: {},
    body: '',
    isTried: false,
    tries: 0,
    delay: null,
    refusal: null,
    receipt: null,
    doneAt: null,
  }
}

/** Write the body of `POST /api/v1/reports`. */
export function bodyOf(item: Item): string {
  const { place } = item
  const point = place && { lon: place.lon, lat: place.lat, datum: 'wgs84' as const, accuracy_m: place.accuracy }
  const body: Schemas['ReportBody'] = {
    category: item.category,
    description: item.words,
    answers: item.answers,
    observed_at: new Date(item.madeAt).toISOString(),
    photos: item.photos.map((photo) => photo.sha256),
    point,
  }
  return JSON.stringify(body)
}

/** Whether it may still be changed: the service surely has nothing under its key. */
export function mayMend(item: Item): boolean {
  return (
    item.state === 'draft' ||
    (item.state === 'waiting' && !item.isTried) ||
    (item.state === 'refused' && item.refusal!.slug !== 'idempotency-key-reused')
  )
}

const REFUSALS = new Set([400, 409, 413, 415, 422])

/**
 * Whether an answer settles that the service did not take what was sent. A key that it has taken it answers with the
 * report again, so its refusal says that it has not; what a gate or a proxy before it answers says nothing.
 */
export function isRefusal(problem: Problem): boolean {
  return problem.slug === 'consent-needed' || (REFUSALS.has(problem.status) && problem.slug !== '')
}

const LONGEST_REST = 5 * 60_000

/** Milliseconds to rest after so many tries in vain: doubling from two seconds, scattered, at most five minutes. */
export function restAfter(tries: number, problem: Problem, chance: number): number {
  if (problem.retryAfter !== null) return problem.retryAfter * 1000
  return Math.min(2000 * 2 ** Math.min(tries, 10), LONGEST_REST) * (0.75 + chance / 2)
}
