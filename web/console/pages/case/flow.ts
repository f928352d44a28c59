// What follows what for those at the screen: which verb comes next, by which key, and which takes another back.
// Which verbs may be done at all the service says with the case.
import type { ActBody, Case, Verb } from './load'

type State = Case['state']

/** What usually comes next in a state; everything else stands in the second row. */
export const NEXT: Record<State, Verb[]> = {
  collected: ['file', 'contact', 'ask_verification', 'reject', 'mark_duplicate'],
  filed: ['dispatch', 'handle', 'contact'],
  dispatched: ['accept', 'handle', 'feedback', 'contact'],
  handling: ['handle', 'feedback', 'contact'],
  handled: ['verify', 'ask_verification', 'return'],
  verified: ['close', 'return'],
  closed: ['follow_up', 'reopen', 'decline_reopening'],
  followed_up: ['reopen', 'decline_reopening'],
  held: ['resume', 'contact'],
  rejected: ['reopen'],
  duplicate: ['split'],
  voided: ['reopen'],
}

/** The key of each verb; `a` takes on whatever waits to be taken on. */
export const KEYS: Partial<Record<Verb, string>> = {
  file: 'a',
  accept: 'a',
  contact: 'c',
  dispatch: 'd',
  handle: 'h',
  feedback: 'f',
  verify: 'v',
  ask_verification: 'l',
  close: 'e',
  follow_up: 'f',
  return: 'b',
  reopen: 'o',
  assign: 's',
  hold: 'p',
  resume: 'p',
  extend: 'x',
  reject: 'r',
  mark_duplicate: 'm',
  split: 'm',
  hand_over: 't',
}

export interface WayBack {
  verb: Verb
  body: ActBody
}

/** Give what takes a verb back, said in `words`; null where the workflow knows no way. */
export function wayBack(verb: Verb, before: Case, words: string): WayBack | null {
  switch (verb) {
    case 'dispatch':
      return before.state === 'filed' ? { verb: 'return', body: { note: words } } : null
    case 'close':
    case 'reject':
    case 'void':
      // What is reopened begins anew as filed: no way back to what was not filed yet.
      return before.state === 'collected' ? null : { verb: 'reopen', body: { note: words } }
    case 'mark_duplicate':
      return { verb: 'split', body: { note: words } }
    case 'hold':
      return { verb: 'resume', body: { note: words } }
    case 'transfer_up':
      return { verb: 'transfer_back', body: { note: words } }
    case 'assign':
      return before.assignee_id ? { verb: 'assign', body: { assignee_id: before.assignee_id, note: words } } : null
    case 'hand_over':
      return before.area_code ? { verb: 'hand_over', body: { area_code: before.area_code, note: words } } : null
    case 'classify': {
      const isOver = before.promised_at !== null && Date.parse(before.promised_at) <= Date.now()
      const promised = before.promised_at === null ? {} : { promised_at: before.promised_at }
      return isOver ? null : { verb: 'classify', body: { kind: before.kind, note: words, ...promised } }
    }
    default:
      return null
  }
}
