// Turns what the service says of a station into words: whether the door is open and until when, how far it is, how
// fresh the knowledge is. Pure: gets the time, asks nothing.
import type { Schemas } from '@shared/api'
import { currentLanguage } from '@shared/words'

type Translate = (key: string, values?: Record<string, unknown>) => string
type Told = Schemas['Openness']
type Card = Pick<Schemas['StationCard'], 'is_always_open' | 'verified_at' | 'found_open_at' | 'found_locked_at'>

/** Colour of what is said: `good` go there, `warn` think twice, `off` do not. */
export type Tone = 'good' | 'warn' | 'off'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Streets are longer than straight lines, and a rider in a hurry walks so fast. */
const DETOUR = 1.3
const METRES_A_MINUTE = 75
/** What riders found says something for so long. */
const EVIDENCE_LASTS_MS = DAY_MS
const POINTS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw']

/** Give the clock time of a moment in the district's time zone, `24:00` for the midnight that ends a day. */
export function clockOf(moment: Date, zone: string, isEnd = false): string {
  const time = moment.toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
  return isEnd && time === '00:00' ? '24:00' : time
}

/** Give the number of the day in the district's time zone, counted from 1970. */
export function dayOf(moment: Date, zone: string): number {
  return Date.parse(moment.toLocaleDateString('en-CA', { timeZone: zone })) / DAY_MS
}

/** Say when: a time today, tomorrow with its time, a weekday within the week, else the date. */
export function whenOf(t: Translate, moment: Date, now: Date, zone: string): string {
  const days = dayOf(moment, zone) - dayOf(now, zone)
  const time = clockOf(moment, zone)
  if (days === 0) return time
  if (days === 1) return time === '00:00' ? '24:00' : t('when.tomorrow', { time })
  const language = currentLanguage()
  const day =
    days < 7
      ? moment.toLocaleDateString(language, { timeZone: zone, weekday: 'short' })
      : moment.toLocaleDateString(language, { timeZone: zone, month: 'short', day: 'numeric' })
  return `${day} ${time}`
}

/** Say whether the door can be opened, until when, and how sure that is. */
export function stateOf(t: Translate, told: Told, card: Card, now: Date, zone: string): { tone: Tone; words: string } {
  const until = told.until ? new Date(told.until) : null
  if (until && until < now) return { tone: 'warn', words: t('state.outdated') }
  const when = until && whenOf(t, until, now, zone)
  switch (told.state) {
    case 'open':
      if (told.reason === 'found_open') return { tone: 'good', words: t('state.foundOpen') }
      if (card.is_always_open) return { tone: 'good', words: t('state.openAlways') }
      return { tone: 'good', words: when ? t('state.openUntil', { when }) : t('state.open') }
    case 'closed':
      if (told.reason === 'suspended')
        return { tone: 'off', words: when ? t('state.suspendedUntil', { when }) : t('state.suspended') }
      return { tone: 'off', words: when ? t('state.opensAt', { when }) : t('state.closed') }
    case 'reported_locked':
      return { tone: 'warn', words: when ? t('state.lockedUntil', { when }) : t('state.locked') }
    default:
      return { tone: 'warn', words: t(told.reason === 'ask_first' ? 'state.askFirst' : 'state.unknown') }
  }
}

/** Say how long ago. */
export function agoOf(t: Translate, moment: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - moment.getTime()) / MINUTE_MS)
  if (minutes < 1) return t('ago.now')
  if (minutes < 60) return t('ago.minutes', { n: minutes })
  if (minutes < 24 * 60) return t('ago.hours', { n: Math.floor(minutes / 60) })
  return t('ago.days', { n: Math.floor(minutes / (24 * 60)) })
}

/** Say how fresh the knowledge of a station is: what riders last found within a day, else when it was checked. */
export function freshnessOf(t: Translate, card: Card, now: Date): string {
  const found = [
    { key: 'fresh.foundOpen', at: card.found_open_at },
    { key: 'fresh.foundLocked', at: card.found_locked_at },
  ]
    .flatMap(({ key, at }) => (at ? [{ key, at: new Date(at) }] : []))
    .filter(({ at }) => now.getTime() - at.getTime() < EVIDENCE_LASTS_MS)
    .sort((one, other) => other.at.getTime() - one.at.getTime())[0]
  if (found) return t(found.key, { ago: agoOf(t, found.at, now) })
  if (card.verified_at) return t('fresh.verified', { ago: agoOf(t, new Date(card.verified_at), now) })
  return t('fresh.never')
}

/** Say how far: metres to the ten, kilometres to the tenth. */
export function farOf(t: Translate, metres: number): string {
  return metres < 995
    ? t('metres', { n: Math.max(Math.round(metres / 10) * 10, 10) })
    : t('kilometres', { n: (metres / 1000).toFixed(1) })
}

/** Say how long the walk is; a straight line is taken to be a third shorter than the way. */
export function walkOf(t: Translate, metres: number): string {
  return t('walk', { n: Math.max(1, Math.ceil((metres * DETOUR) / METRES_A_MINUTE)) })
}

/** Say the direction of a bearing in degrees. */
export function directionOf(t: Translate, bearing: number): string {
  return t('direction', { to: t(`towards.${POINTS[Math.round(bearing / 45) % 8]}`) })
}

/** Name the icon of a door method (Vant's). */
export const DOOR_ICONS: Record<Schemas['StationCard']['door'], string> = {
  open: 'wap-home-o',
  staff: 'manager-o',
  wechat_scan: 'wechat',
  app_qr: 'qr',
  id_card: 'idcard',
  face: 'smile-o',
  password: 'lock',
}
