// Accepting in one click, with a way back.
//
// The workflow has no way back from `file` (立案) and `accept` (接收): neither is undone by another verb, and the reporter
// is told at once. So the act is held here for five seconds before it is sent, and undoing it sends nothing at all.
// Three things keep it safe:
//  - Leaving the page, or hiding it, sends it at once with `keepalive`. Until the service has answered it also stands in
//    localStorage, so that one which found no network is sent when the queue is next opened. The version that was looked
//    at goes with it: what was done meanwhile, or already, is refused and not done twice.
//  - The service's time counts, so five seconds could break a limit of 15 minutes that was just kept. Where the clock
//    runs out within `TOO_CLOSE_MS` the act is sent at once, and there is nothing to undo.
//  - A clock that is late already is late for five seconds more, which changes no figure: figures count in minutes kept
//    or missed, and this one is missed.
import { onBeforeUnmount, onMounted, ref } from 'vue'
import { api, noAnswer, Problem, problemOf, send, type Schemas } from '@shared/api'
import { session } from '@shared/session'
import type { Line } from './cases'

const HOLD_MS = 5_000
const TOO_CLOSE_MS = 15_000
/** Younger ones may still be held by another tab. */
const LEFT_BEHIND_MS = HOLD_MS + 10_000
const STORED = 'held-acts'

export interface HeldAct {
  staffId: number
  caseId: number
  number: string
  version: number
  verb: 'file' | 'accept'
  /** When it was decided, in milliseconds. */
  at: number
  /** When it will be sent, by the service's time. */
  until: number
}

const readStored = () => JSON.parse(localStorage.getItem(STORED) ?? '[]') as HeldAct[]
const isSame = (one: HeldAct, other: HeldAct) => one.caseId === other.caseId && one.version === other.version

function store(act: HeldAct): void {
  localStorage.setItem(STORED, JSON.stringify([...readStored(), act]))
}

function unstore(act: HeldAct): void {
  localStorage.setItem(STORED, JSON.stringify(readStored().filter((each) => !isSame(each, act))))
}

/** Tell by which verb the person signed in accepts this case; null where he cannot. */
export function acceptingVerb(line: Line): HeldAct['verb'] | null {
  const grants = session.value?.grants ?? []
  const reaches = (grant: Schemas['Grant']) =>
    !grant.area_path || line.area_path === grant.area_path || Boolean(line.area_path?.startsWith(`${grant.area_path}/`))
  const onSite = ['district_admin', 'subdistrict', 'secretary', 'grid_worker']
  if (line.state === 'collected' && grants.some((grant) => onSite.includes(grant.role) && reaches(grant))) return 'file'
  if (line.state === 'dispatched' && grants.some((grant) => grant.role === 'department')) return 'accept'
  return null
}

/** Hold acts back. `onDone` is told of each that was sent, with the problem where it was refused. */
export function useHeldActs(onDone: (act: HeldAct, problem: Problem | null) => void) {
  const held = ref<HeldAct[]>([])
  const timers = new Map<number, number>()

  function hold(line: Line, verb: HeldAct['verb'], now: number): void {
    if (held.value.some((each) => each.caseId === line.id)) return
    const act = {
      staffId: session.value?.id ?? 0,
      caseId: line.id,
      number: line.number,
      version: line.version,
      verb,
      at: Date.now(),
      until: now + HOLD_MS,
    }
    const left = line.next_due_at === null ? Infinity : new Date(line.next_due_at).getTime() - now
    store(act)
    if (left > 0 && left < TOO_CLOSE_MS) return void carryOut(act)
    held.value.push(act)
    timers.set(
      act.caseId,
      window.setTimeout(() => void carryOut(act), HOLD_MS),
    )
  }

  function undo(act: HeldAct): void {
    drop(act)
    unstore(act)
  }

  function drop(act: HeldAct): void {
    window.clearTimeout(timers.get(act.caseId))
    timers.delete(act.caseId)
    held.value = held.value.filter((each) => each.caseId !== act.caseId)
  }

  async function carryOut(act: HeldAct, isLeaving = false): Promise<void> {
    drop(act)
    let problem: Problem | null = null
    try {
      const answer = await send(
        new Request(`/api/v1/cases/${act.caseId}/${act.verb}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ version: act.version }),
          keepalive: isLeaving,
        }),
      )
      if (!answer.ok) problem = await problemOf(answer)
    } catch {
      problem = noAnswer()
    }
    if (!problem?.isPassing) unstore(act)
    onDone(act, problem)
  }

  const flush = () => [...held.value].forEach((act) => void carryOut(act, true))
  const flushHidden = () => document.visibilityState === 'hidden' && flush()

  /** Send what found no network when the page was left. */
  function sendLeftBehind(): void {
    const isOurs = (act: HeldAct) => act.staffId === session.value?.id && Date.now() - act.at > LEFT_BEHIND_MS
    readStored()
      .filter(isOurs)
      .forEach((act) => void carryOut(act))
  }

  onMounted(() => {
    window.addEventListener('pagehide', flush)
    window.addEventListener('online', sendLeftBehind)
    document.addEventListener('visibilitychange', flushHidden)
    sendLeftBehind()
  })
  onBeforeUnmount(() => {
    window.removeEventListener('pagehide', flush)
    window.removeEventListener('online', sendLeftBehind)
    document.removeEventListener('visibilitychange', flushHidden)
    flush()
  })
  return { held, hold, undo }
}

/** Dispatch a case; one that is not filed yet is filed first, as the workflow wants it. Raises what was refused. */
export async function dispatchCase(line: Line, departmentId: number, note: string): Promise<void> {
  const path = (verb: Schemas['Verb']) => ({ params: { path: { case_id: line.id, verb } } })
  let version = line.version
  if (line.state === 'collected') {
    const { data: filed } = await api.POST('/api/v1/cases/{case_id}/{verb}', {
      ...path('file'),
      body: { version } as Schemas['ActBody'],
    })
    version = (filed as Schemas['Case']).version
  }
  await api.POST('/api/v1/cases/{case_id}/{verb}', {
    ...path('dispatch'),
    body: { version, department_id: departmentId, ...(note && { note }) } as Schemas['ActBody'],
  })
}
