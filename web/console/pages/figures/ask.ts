// What is asked of the figures, kept in the address, so that a view can be sent to a colleague.
import { api, data, type Schemas } from '@shared/api'
import type { LocationQuery } from 'vue-router'

export interface Asked {
  /** Local days, both included. */
  from: string
  to: string
  area?: string
  category?: string
  department?: number
}

export type By = Schemas['By']

const DAY_MS = 86_400_000

/** Write a day as YYYY-MM-DD, as this device's calendar has it. */
export function isoDay(date: Date): string {
  const pad = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}

/** Give the day so many days after; reckoned at noon, where no change of the clocks reaches. */
export function dayAfter(day: string, days = 1): string {
  return isoDay(new Date(new Date(`${day}T12:00`).getTime() + days * DAY_MS))
}

export const PERIODS: Record<'thisMonth' | 'lastMonth' | 'quarter' | 'year', (today: Date) => [string, string]> = {
  thisMonth: (today) => [isoDay(new Date(today.getFullYear(), today.getMonth(), 1)), isoDay(today)],
  lastMonth: (today) => [
    isoDay(new Date(today.getFullYear(), today.getMonth() - 1, 1)),
    isoDay(new Date(today.getFullYear(), today.getMonth(), 0)),
  ],
  quarter: (today) => [dayAfter(isoDay(today), -89), isoDay(today)],
  year: (today) => [dayAfter(isoDay(today), -364), isoDay(today)],
}

/** Read what is asked out of an address; what is missing or no day is the last 90 days. */
export function readAsked(query: LocationQuery): Asked {
  const word = (name: string) => (typeof query[name] === 'string' && query[name] ? (query[name] as string) : undefined)
  const day = (name: string) => (/^\d{4}-\d{2}-\d{2}$/.test(word(name) ?? '') ? word(name) : undefined)
  const [from, to] = PERIODS.quarter(new Date())
  const department = Number(word('department'))
  return {
    from: day('from') ?? from,
    to: day('to') ?? to,
    area: typeof query.area === 'string' ? query.area : undefined,
    category: word('category'),
    department: department > 0 ? department : undefined,
  }
}

/** Write what is asked into an address. */
export function writeAsked(asked: Asked): Record<string, string> {
  const parts = { ...asked, department: asked.department?.toString() }
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Record<string, string>
}

function params(asked: Asked, by?: By) {
  const { from, to, ...rest } = asked
  return { from, to: dayAfter(to), ...rest, ...(by ? { by } : {}) }
}

/** Ask for figures; `by` gives a row for each of these. */
export function askFigures(asked: Asked, by?: By): Promise<Schemas['Figures']> {
  return data(api.GET('/api/v1/figures', { params: { query: params(asked, by) } }))
}

/** Ask for the workbook of the same. */
export async function askWorkbook(asked: Asked, by?: By): Promise<Blob> {
  return (await data(
    api.GET('/api/v1/figures/export', { params: { query: params(asked, by) }, parseAs: 'blob' }),
  )) as unknown as Blob
}
