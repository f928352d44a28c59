// The rows of the queue: loaded in pages, kept as they stand while somebody reads, and told of what is new.
import { computed, ref, shallowRef } from 'vue'
import { api, data, type Problem, type Schemas } from '@shared/api'
import { session } from '@shared/session'
import { hasText, isDueToday, isNumber, questionOf, type Filter } from './filter'

export type Line = Schemas['CaseLine']

const PAGE = 50
const LARGEST_PAGE = 200
/** Among so many rows the page itself looks for words, and for what is due today. */
const MOST_SOUGHT = 1000
/** News that come together are looked up together. */
const GATHER_MS = 300

/** `isReading` tells whether rows may not move now: what is new then waits until it is asked for. */
export function useCases(filter: () => Filter, isReading: () => boolean) {
  const lines = shallowRef<Line[]>([])
  /** The list as the service gives it now, where showing it would move rows under the reader's eyes. */
  const waiting = shallowRef<Line[] | null>(null)
  /** Rows that are no longer in the list, shown where they stood. */
  const gone = ref(new Set<number>())
  const fresh = ref(new Set<number>())
  const cursor = ref<string | null>(null)
  const problem = ref<Problem | null>(null)
  const isLoading = ref(false)
  const isLoaded = ref(false)
  let waitingCursor: string | null = null
  let asked = 0
  let timer = 0

  const newCount = computed(() => {
    const known = new Set(lines.value.map((line) => line.id))
    return waiting.value?.filter((line) => !known.has(line.id)).length ?? 0
  })
  const shown = computed(() => {
    const { text, clock } = filter()
    return lines.value.filter((line) => hasText(line, text) && (clock !== 'today' || isDueToday(line)))
  })

  async function page(after: string | null, limit: number): Promise<Schemas['CasePage']> {
    const query = { ...questionOf(filter(), session.value?.id ?? null), limit, ...(after && { cursor: after }) }
    return data(api.GET('/api/v1/cases', { params: { query } }))
  }

  /** Load from the beginning as many rows as are wanted, or as have to be looked through. */
  async function read(least: number): Promise<{ rows: Line[]; next: string | null }> {
    const { text, clock } = filter()
    const wanted = clock === 'today' || (text && !isNumber(text)) ? MOST_SOUGHT : least
    const comesByClock = questionOf(filter(), null).order === 'due'
    const rows: Line[] = []
    let next: string | null = null
    do {
      const got = await page(next, Math.min(LARGEST_PAGE, wanted - rows.length))
      rows.push(...got.cases)
      const isPast = clock === 'today' && comesByClock && rows.length > 0 && !isDueToday(rows.at(-1)!)
      next = isPast ? null : got.next_cursor
    } while (next && rows.length < wanted)
    return { rows, next }
  }

  /** Load the list that the filter asks for, in place of what is there. */
  async function load(): Promise<void> {
    const mine = ++asked
    isLoading.value = true
    problem.value = null
    try {
      const { rows, next } = await read(PAGE)
      if (mine !== asked) return // the filter has changed since
      put(rows, next)
      isLoaded.value = true
    } catch (raised) {
      if (mine === asked) problem.value = raised as Problem
    } finally {
      if (mine === asked) isLoading.value = false
    }
  }

  async function loadMore(): Promise<void> {
    isLoading.value = true
    try {
      const got = await page(cursor.value, PAGE)
      const known = new Set(lines.value.map((line) => line.id))
      lines.value = [...lines.value, ...got.cases.filter((line) => !known.has(line.id))]
      cursor.value = got.next_cursor
    } catch (raised) {
      problem.value = raised as Problem
    } finally {
      isLoading.value = false
    }
  }

  /** Ask again for what is there; rows are mended where they stand, and moved only while nobody reads. */
  async function refresh(): Promise<void> {
    if (!isLoaded.value) return void load()
    const mine = asked
    try {
      const { rows, next } = await read(Math.max(PAGE, lines.value.length))
      if (mine !== asked) return
      problem.value = null
      const known = new Set(lines.value.map((line) => line.id))
      const added = rows.filter((line) => !known.has(line.id)).map((line) => line.id)
      if (!isReading()) {
        put(rows, next)
        fresh.value = new Set(added)
        return
      }
      const now = new Map(rows.map((line) => [line.id, line]))
      lines.value = lines.value.map((line) => now.get(line.id) ?? line)
      gone.value = new Set(lines.value.filter((line) => !now.has(line.id)).map((line) => line.id))
      waiting.value = rows
      waitingCursor = next
    } catch (raised) {
      problem.value = raised as Problem // what is there stays, as of then
    }
  }

  /** Look again soon, for all that happens until then. */
  function refreshSoon(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void refresh(), GATHER_MS)
  }

  /** Show what has been waiting. */
  function showNew(): void {
    const known = new Set(lines.value.map((line) => line.id))
    if (!waiting.value) return
    fresh.value = new Set(waiting.value.filter((line) => !known.has(line.id)).map((line) => line.id))
    put(waiting.value, waitingCursor)
  }

  function put(rows: Line[], next: string | null): void {
    lines.value = rows
    cursor.value = next
    waiting.value = null
    gone.value = new Set()
    fresh.value = new Set()
  }

  return {
    shown,
    gone,
    fresh,
    newCount,
    waiting,
    cursor,
    problem,
    isLoading,
    isLoaded,
    load,
    loadMore,
    refresh,
    refreshSoon,
    showNew,
  }
}
