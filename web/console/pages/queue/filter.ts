// What the queue is narrowed to: in the page's address, as a question to the service, and as a saved filter.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Schemas } from '@shared/api'

export type State = Schemas['State']
export type ClockFilter = '' | 'overdue' | 'today'

export const STATES: State[] = [
  'collected',
  'filed',
  'dispatched',
  'handling',
  'handled',
  'verified',
  'held',
  'closed',
  'followed_up',
  'rejected',
  'duplicate',
  'voided',
]
const ENDED = new Set<State>(['closed', 'followed_up', 'rejected', 'duplicate', 'voided'])

export interface Filter {
  states: State[]
  categories: string[]
  /** Path of an area, with all beneath it. */
  area: string
  /** Late, or due before the day is over. */
  clock: ClockFilter
  /** Words looked for in the first thousand that fit the rest; a whole case number is asked of the service. */
  text: string
  /** Only what is assigned to the person signed in. */
  isMine: boolean
  order: Schemas['Order']
}

/** Tell whether this is a whole case number. */
export const isNumber = (text: string): boolean => /^[A-Za-z0-9]+-\d+$/.test(text)

const list = (value: LocationQuery[string] | undefined): string[] =>
  (Array.isArray(value) ? value : value ? [value] : []).filter((each): each is string => each !== null)

/** Read the filter out of the page's address; what makes no sense there is left out. */
export function filterOf(query: LocationQuery): Filter {
  const clock = list(query.clock)[0]
  return {
    states: list(query.state).filter((each): each is State => (STATES as string[]).includes(each)),
    categories: list(query.category),
    area: list(query.area)[0] ?? '',
    clock: clock === 'overdue' || clock === 'today' ? clock : '',
    text: list(query.text)[0] ?? '',
    isMine: query.mine === '1',
    order: query.order === 'newest' ? 'newest' : 'due',
  }
}

/** Write it as the page's address, without what is as always. */
export function addressOf(filter: Filter): LocationQueryRaw {
  return {
    ...(filter.states.length && { state: filter.states }),
    ...(filter.categories.length && { category: filter.categories }),
    ...(filter.area && { area: filter.area }),
    ...(filter.clock && { clock: filter.clock }),
    ...(filter.text && { text: filter.text }),
    ...(filter.isMine && { mine: '1' }),
    ...(filter.order !== 'due' && { order: filter.order }),
  }
}

/** Write it as what GET /api/v1/cases takes, and so as what a saved filter keeps. */
export function questionOf(filter: Filter, staffId: number | null) {
  const number = isNumber(filter.text) ? filter.text.toUpperCase() : null
  // Asked by what is due next the service gives open cases alone; who asks for ended ones wants the newest first.
  const asksEnded = filter.states.some((state) => ENDED.has(state))
  return {
    ...(filter.states.length && { state: filter.states }),
    ...(filter.categories.length && { category: filter.categories }),
    ...(filter.area && { area: filter.area }),
    ...(filter.clock === 'overdue' && { overdue: true }),
    ...(filter.isMine && staffId !== null && { assignee_id: staffId }),
    ...(number && { number }),
    order: asksEnded || number ? ('newest' as const) : filter.order,
  }
}

/** Read a saved filter; its text and “today” were never kept. */
export function filterOfSaved(query: Record<string, unknown>, staffId: number | null): Filter {
  return {
    states: (query.state as State[] | undefined) ?? [],
    categories: (query.category as string[] | undefined) ?? [],
    area: (query.area as string | undefined) ?? '',
    clock: query.overdue ? 'overdue' : '',
    text: (query.number as string | undefined) ?? '',
    isMine: query.assignee_id !== undefined && query.assignee_id === staffId,
    order: query.order === 'newest' ? 'newest' : 'due',
  }
}

/** Tell whether the next clock of a case runs out before the day is over, or has. */
export function isDueToday(line: Schemas['CaseLine']): boolean {
  return line.next_due_at !== null && new Date(line.next_due_at).getTime() < new Date().setHours(24, 0, 0, 0)
}

/** Tell whether a loaded case has the words looked for. */
export function hasText(line: Schemas['CaseLine'], text: string): boolean {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean)
  const said = [line.number, line.description, ...(line.area_names ?? [])].join(' ').toLowerCase()
  return wanted.every((word) => said.includes(word))
}
