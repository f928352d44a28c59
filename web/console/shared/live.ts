// The live line of cases (server-sent events), and what the page does while it is broken.
import { onBeforeUnmount, onMounted, readonly, ref } from 'vue'
import { readSession } from '@shared/session'

export interface CaseNews {
  case_id: number
  number: string
  kind: string
  at: string
  /** The case has left the listener's sight; nothing more is told of it. */
  left?: boolean
}

const POLL_MS = 15_000
const FIRST_WAIT_MS = 3_000
const LONGEST_WAIT_MS = 60_000

/**
 * Listen while the component is there. `onNews` is given each event of a case. `onAnew` asks to load everything anew:
 * whenever the line begins without a place to go on from, when the service says so, and every 15 s while it is broken.
 *
 * After a short break the browser itself goes on from the last event it has (`Last-Event-ID`), and nothing is loaded.
 */
export function useLiveCases(onNews: (news: CaseNews) => void, onAnew: () => void) {
  const isLive = ref(false)
  const isOnline = ref(navigator.onLine)
  /** Whether it has been live and is no more: worth a word, unlike the first second. */
  const isBroken = ref(false)
  let source: EventSource | null = null
  let wait = FIRST_WAIT_MS
  let timers: number[] = []

  function open(): void {
    close()
    const opened = new EventSource('/api/v1/cases/stream')
    source = opened
    opened.addEventListener('hello', (event) => {
      const { resumed } = JSON.parse(event.data) as { resumed: boolean }
      isLive.value = true
      isBroken.value = false
      wait = FIRST_WAIT_MS
      if (!resumed) onAnew() // also the first time: what came between the first loading and now was told to nobody
    })
    opened.addEventListener('case', (event) => onNews(JSON.parse(event.data) as CaseNews))
    opened.addEventListener('reset', () => onAnew())
    opened.addEventListener('error', () => {
      lose()
      // The browser tries again by itself unless the answer was a refusal: a session to renew, or too many open pages.
      if (opened.readyState === EventSource.CLOSED)
        later(() => void renewAndOpen(), (wait = Math.min(wait * 2, LONGEST_WAIT_MS)))
    })
  }

  async function renewAndOpen(): Promise<void> {
    await readSession().catch(() => {}) // renews what has run out; who is signed out is led away by the frame
    open()
  }

  function lose(): void {
    isLive.value = false
    isBroken.value = true
  }

  function later(act: () => void, after: number): void {
    timers.push(window.setTimeout(act, after))
  }

  function close(): void {
    source?.close()
    source = null
    timers.forEach((timer) => window.clearTimeout(timer))
    timers = []
  }

  // A device that has lost its network says so long before the connection notices.
  const onOffline = () => {
    isOnline.value = false
    close()
    lose()
  }
  const onOnline = () => {
    isOnline.value = true
    open()
  }
  const poll = window.setInterval(() => {
    if (!isLive.value && navigator.onLine && document.visibilityState === 'visible') onAnew()
  }, POLL_MS)

  onMounted(() => {
    window.addEventListener('offline', onOffline)
    window.addEventListener('online', onOnline)
    open()
  })
  onBeforeUnmount(() => {
    window.removeEventListener('offline', onOffline)
    window.removeEventListener('online', onOnline)
    window.clearInterval(poll)
    close()
  })
  return { isLive: readonly(isLive), isBroken: readonly(isBroken), isOnline: readonly(isOnline) }
}
