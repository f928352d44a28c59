// The limits of a case: which run, how long still, and why they run as long as they do.
import type { Detail } from './load'
import type { Schemas } from '@shared/api'

export type Deadline = Detail['deadlines'][number]

export interface Pace {
  deadline: Deadline
  limit: Schemas['Limit'] | null
  tone: 'good' | 'warn' | 'bad' | 'plain'
}

/** Tell whether a round still runs; a paused one does. */
export function isRunning(deadline: Deadline): boolean {
  return deadline.met_at === null && deadline.cancelled_at === null
}

/** Give the clocks with their limits: those that run first, the next one due on top; then the ended, newest first. */
export function paces(detail: Detail, now: number): { running: Pace[]; ended: Pace[] } {
  const rules = new Map(detail.clock_rules.map((rule) => [rule.id, rule]))
  const all = detail.deadlines.map((deadline) => ({
    deadline,
    limit: rules.get(deadline.rule_id)?.limit ?? null,
    tone: toneOf(deadline, now),
  }))
  const due = ({ deadline }: Pace) => Date.parse(deadline.due_at)
  const end = ({ deadline }: Pace) => Date.parse(deadline.met_at ?? deadline.cancelled_at ?? deadline.due_at)
  return {
    running: all.filter(({ deadline }) => isRunning(deadline)).sort((a, b) => due(a) - due(b)),
    ended: all.filter(({ deadline }) => !isRunning(deadline)).sort((a, b) => end(b) - end(a)),
  }
}

function toneOf(deadline: Deadline, now: number): Pace['tone'] {
  if (deadline.cancelled_at !== null || deadline.paused_at !== null) return 'plain'
  const at = deadline.met_at === null ? now : Date.parse(deadline.met_at)
  if (at > Date.parse(deadline.due_at)) return 'bad'
  return deadline.met_at === null && at > Date.parse(deadline.warn_at) ? 'warn' : 'good'
}

/** Give the milliseconds by which a round was or is late, negative for what was or is left. */
export function lateness(deadline: Deadline, now: number): number {
  return Date.parse(deadline.met_at ?? deadline.paused_at ?? new Date(now).toISOString()) - Date.parse(deadline.due_at)
}

/** Give the steps that moved a round's due time: holds, mergers, extensions, a promised date. */
export function changesOf(deadline: Deadline, detail: Detail): Detail['history'] {
  if (!['file', 'dispatch', 'handle'].includes(deadline.clock)) return []
  const begun = Date.parse(deadline.started_at)
  const ended = Date.parse(deadline.met_at ?? deadline.cancelled_at ?? '9999-01-01')
  const moving =
    deadline.clock === 'handle'
      ? ['case.held', 'case.merged', 'case.extended', 'case.classified']
      : ['case.held', 'case.merged']
  return detail.history.filter(({ kind, at }) => {
    const moment = Date.parse(at)
    return moving.includes(kind) && moment >= begun && moment <= ended
  })
}

/** Give the handling clock that runs, and its rule: by it extensions and holds are bounded. */
export function handling(detail: Detail) {
  const deadline = detail.deadlines.find((each) => each.clock === 'handle' && isRunning(each))
  return { deadline, rule: detail.clock_rules.find(({ id }) => id === deadline?.rule_id) }
}
