// A week of seven local days, from Monday, and what of a time lies in each.

export interface Span {
  starts_at: string
  ends_at: string
}

/** Give the Monday, 00:00, of the week of a moment. */
export function mondayOf(moment: Date): Date {
  const monday = new Date(moment.getFullYear(), moment.getMonth(), moment.getDate())
  monday.setDate(monday.getDate() - ((monday.getDay() + 6) % 7))
  return monday
}

/** Give midnight so many local days later. */
export function daysAfter(day: Date, days: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days)
}

/** Give where a span lies in a day, as shares of it from 0 to 1; null where it does not. */
export function partOf(span: Span, day: Date): { left: number; width: number } | null {
  const begin = day.getTime()
  const length = daysAfter(day, 1).getTime() - begin
  const left = Math.max(0, Date.parse(span.starts_at) - begin) / length
  const right = Math.min(length, Date.parse(span.ends_at) - begin) / length
  return right > left ? { left, width: right - left } : null
}

/**
 * Plan one shift for each day from `first` to `last`, both included. Days are `2026-03-10`, times `08:00`, local; an
 * end not later than the beginning is on the next day.
 */
export function shiftsOf(first: string, last: string, from: string, until: string): Span[] {
  const shifts: Span[] = []
  for (let day = midnight(first); day <= midnight(last); day = daysAfter(day, 1)) {
    const starts = at(day, from)
    const ends = at(until > from ? day : daysAfter(day, 1), until)
    shifts.push({ starts_at: starts.toISOString(), ends_at: ends.toISOString() })
  }
  return shifts
}

const midnight = (day: string) => new Date(`${day}T00:00:00`)

function at(day: Date, time: string): Date {
  const [hours, minutes] = time.split(':').map(Number)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hours, minutes)
}
