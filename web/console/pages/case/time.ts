// Moments and spans in words, and the clock that counts them down.
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { currentLanguage } from '@shared/words'

/** The moment of now, told anew each second while the component is there. */
export function useNow(): Ref<number> {
  const now = ref(Date.now())
  let timer = 0
  onMounted(() => (timer = window.setInterval(() => (now.value = Date.now()), 1000)))
  onBeforeUnmount(() => clearInterval(timer))
  return now
}

/** Give a moment as day and minute; the year only where it is another than this, or where it is to last. */
export function moment(iso: string, withYear = false): string {
  const at = new Date(iso)
  return new Intl.DateTimeFormat(currentLanguage(), {
    ...(withYear || at.getFullYear() !== new Date().getFullYear() ? { year: 'numeric' } : {}),
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at)
}

/** Give a span of milliseconds in its two largest units; below an hour in minutes and seconds. */
export function span(milliseconds: number): string {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000)
  const parts: [number, string, string][] = [
    [Math.floor(seconds / 86400), '天', 'd'],
    [Math.floor(seconds / 3600) % 24, '小时', 'h'],
    [Math.floor(seconds / 60) % 60, '分', 'min'],
    [seconds % 60, '秒', 's'],
  ]
  const first = parts.findIndex(([amount]) => amount > 0)
  const isEnglish = currentLanguage() === 'en'
  return parts
    .slice(first < 0 ? 3 : first, first < 0 ? 4 : first + 2)
    .filter(([amount], place) => place === 0 || amount > 0)
    .map(([amount, zh, en]) => (isEnglish ? `${amount} ${en}` : `${amount} ${zh}`))
    .join(' ')
}

/** Give what a field for local date and time takes. */
export function localInput(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
