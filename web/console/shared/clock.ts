// One ticking clock for every countdown on the page, set by the service and not by the desk's own.
import { onScopeDispose, readonly, ref } from 'vue'

const time = ref(Date.now())
let ahead = 0 // milliseconds by which the service's clock is ahead of this one
let users = 0
let timer = 0

/** The service's time in milliseconds, anew each second while somebody looks. */
export function useNow() {
  if (users++ === 0) {
    time.value = Date.now() + ahead
    timer = window.setInterval(() => (time.value = Date.now() + ahead), 1000)
  }
  onScopeDispose(() => --users === 0 && window.clearInterval(timer))
  return readonly(time)
}

/** Set the clock by a moment that the service has just given. */
export function setClock(asOf: string): void {
  ahead = new Date(asOf).getTime() - Date.now()
  time.value = Date.now() + ahead
}

export type Urgency = 'bad' | 'warn' | 'good' | 'plain'

const SOON_MS = 60 * 60_000

/** Tell how pressing a clock is: late, within the hour, later, or none that runs. */
export function urgencyOf(dueAt: string | null, now: number): Urgency {
  if (dueAt === null) return 'plain'
  const left = new Date(dueAt).getTime() - now
  return left <= 0 ? 'bad' : left <= SOON_MS ? 'warn' : 'good'
}

/** Split a span into the two units people say; seconds only within the hour. */
export function spanOf(milliseconds: number): { unit: 'd' | 'h' | 'm'; big: number; small: number } {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000)
  if (seconds < 3600) return { unit: 'm', big: Math.floor(seconds / 60), small: seconds % 60 }
  if (seconds < 86_400) return { unit: 'h', big: Math.floor(seconds / 3600), small: Math.floor((seconds % 3600) / 60) }
  return { unit: 'd', big: Math.floor(seconds / 86_400), small: Math.floor((seconds % 86_400) / 3600) }
}
