// A list that is read page by page.
import { ref, shallowRef } from 'vue'
import type { Problem } from '@shared/api'

export interface PageOf<T, C> {
  rows: T[]
  /** What asks for the next page; null on the last. */
  next: C | null
}

/** Read with `ask`: `load` begins anew, `more` adds the next page. What is overtaken by another question is dropped. */
export function usePages<T, C = number>(ask: (cursor: C | null) => Promise<PageOf<T, C>>) {
  const rows = shallowRef<T[]>([])
  const next = shallowRef<C | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const isLoading = ref(false)
  const isRead = ref(false)
  let turn = 0

  async function read(cursor: C | null): Promise<void> {
    const mine = ++turn
    isLoading.value = true
    problem.value = null
    try {
      const page = await ask(cursor)
      if (mine !== turn) return
      rows.value = cursor === null ? page.rows : [...rows.value, ...page.rows]
      next.value = page.next
      isRead.value = true
    } catch (raised) {
      if (mine === turn) problem.value = raised as Problem
    } finally {
      if (mine === turn) isLoading.value = false
    }
  }

  return { rows, next, problem, isLoading, isRead, load: () => read(null), more: () => read(next.value) }
}

/** A list read page by page, as the component shows it that is given one. */
export type Pages = Pick<
  ReturnType<typeof usePages<unknown, unknown>>,
  'next' | 'problem' | 'isLoading' | 'isRead' | 'load' | 'more'
>
