// The history of a case in words: what, who, when, what was said, and how late.
import { inWords } from '@shared/words'
import { isRunning, lateness } from './clocks'
import type { Detail, Reference, Step } from './load'
import { moment, span } from './time'

type Translate = (key: string, values?: Record<string, unknown>) => string

export interface Line {
  id: number
  title: string
  who: string
  at: string
  /** What the person wrote. */
  words: string | null
  /** What else is to be known, each a few words. */
  more: string[]
  /** The clocks that this step stopped. */
  stopped: { text: string; isLate: boolean }[]
  tone: 'plain' | 'main' | 'warn' | 'bad'
  /** Whether it can be left out of a short history. */
  isMinor: boolean
}

const MAIN = new Set(
  'opened filed dispatched accepted handled verified closed followed_up reopened rejected voided'.split(' '),
)
const WARN = new Set('held returned reopening_asked withdrawn contact_tried verification_expired'.split(' '))
const BAD = new Set(['breached', 'escalated'])
const MINOR = new Set(
  'photo_added noted note_withdrawn duplicate_dismissed duplicate_restored verification_offered verification_accepted verification_released verification_cancelled warned escalated told_again'.split(
    ' ',
  ),
)

/** Give the lines of a history, oldest first; photos of one kind that came one after the other are one line. */
export function linesOf(detail: Detail, known: Reference, t: Translate): Line[] {
  return gathered(detail.history).map(({ step, count }) => lineOf(step, count, detail, known, t))
}

/** Put what happened into one sentence. */
export function sentence({ at, who, title, words }: Line): string {
  return `${moment(at)} ${who} ${title}${words ? `：${words}` : ''}`
}

function gathered(history: Detail['history']): { step: Step; count: number }[] {
  const rows: { step: Step; count: number }[] = []
  for (const step of history) {
    const last = rows.at(-1)
    const isMore =
      step.kind === 'case.photo_added' &&
      last?.step.kind === step.kind &&
      last.step.data.stage === step.data.stage &&
      last.step.actor_name === step.actor_name
    if (isMore) last.count++
    else rows.push({ step, count: 1 })
  }
  return rows
}

function lineOf(step: Step, count: number, detail: Detail, known: Reference, t: Translate): Line {
  const kind = step.kind.split('.')[1]!
  const said = step.data.note ?? step.data.result
  return {
    id: step.id,
    title: t(`step.kind.${kind}`),
    who: step.actor_name ?? t(`by.${step.actor_kind}`),
    at: step.at,
    words: typeof said === 'string' && said ? said : null,
    more: moreOf(step, kind, count, known, detail, t),
    stopped: stoppedBy(step, detail, t),
    tone: BAD.has(kind) ? 'bad' : WARN.has(kind) ? 'warn' : MAIN.has(kind) ? 'main' : 'plain',
    isMinor: MINOR.has(kind),
  }
}

function stoppedBy(step: Step, detail: Detail, t: Translate): Line['stopped'] {
  if (!step.kind.startsWith('case.')) return []
  return detail.deadlines
    .filter((deadline) => !isRunning(deadline) && deadline.met_at === step.at)
    .map((deadline) => {
      const late = lateness(deadline, 0)
      const clock = t(`clock.${deadline.clock}`)
      return late > 0
        ? { text: t('lateStep', { clock, span: span(late) }), isLate: true }
        : { text: t('inTime', { clock }), isLate: false }
    })
}

function moreOf(step: Step, kind: string, count: number, known: Reference, detail: Detail, t: Translate): string[] {
  const { data } = step
  const text = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : null)
  const number = (name: string) => (typeof data[name] === 'number' ? (data[name] as number) : null)
  const department = (id: unknown) => known.departments.find((each) => each.id === id)?.name ?? `#${String(id)}`
  const found: unknown[] = [
    text('stage') && t('step.photos', { stage: t(`stage.${text('stage')}`), count }),
    text('channel') && t('step.byChannel', { channel: t(`channel.${text('channel')}`) }),
    text('kind') && t('step.kindIs', { kind: t(`kind.${text('kind')}`) }),
    text('promised_at') && t('step.promisedBy', { at: moment(text('promised_at')!) }),
    text('until') && t('step.heldUntil', { at: moment(text('until')!) }),
    text('satisfaction') && t('step.rated', { satisfaction: t(`satisfaction.${text('satisfaction')}`) }),
    text('answer') && t(`answer.${text('answer')}`),
    number('taps') && t('step.taps', { count: number('taps') }),
    number('duplicate_of') && t('step.ofCase', { id: number('duplicate_of') }),
    number('other_id') && t('step.ofCase', { id: number('other_id') }),
    number('original') && t('step.ofCase', { id: number('original') }),
    number('department_id') &&
      t('step.toDepartments', {
        names: [data.department_id, ...((data.partner_ids as number[] | undefined) ?? [])].map(department).join('、'),
      }),
    kind === 'handed_over' && t('step.toArea', { name: text('area_code') ?? '' }),
    kind === 'assigned' &&
      data.assignee_id === detail.case.assignee_id &&
      detail.assignee_name &&
      t('step.toPerson', { name: detail.assignee_name }),
    kind === 'extended' && t('step.extendedBy', { amount: number('extend_by'), unit: unitOf(detail, t) }),
    step.kind.startsWith('deadline.') && text('clock') && clockOf(kind, text('clock')!, number('level'), t),
  ]
  return found.filter((each): each is string => typeof each === 'string' && each !== '')
}

function unitOf(detail: Detail, t: Translate): string {
  const handle = detail.deadlines.find(({ clock }) => clock === 'handle')
  const rule = detail.clock_rules.find(({ id }) => id === handle?.rule_id)
  return rule ? t(`unit.${rule.limit.unit}`) : ''
}

function clockOf(kind: string, clock: string, level: number | null, t: Translate): string {
  const name = t(`clock.${clock}`)
  return kind === 'escalated' ? t('step.clockLevel', { clock: name, level }) : name
}

/** Give the name of a case's category in the reader's language. */
export function categoryName(code: string, known: Reference['categories']): string {
  const category = known.find((each) => each.code === code)
  return category ? inWords(category) : code
}
