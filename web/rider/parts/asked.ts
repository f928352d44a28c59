// What a page asks of the service when it opens: the answer, what went wrong, and asking again.
import { onMounted, ref, shallowRef, type Ref } from 'vue'
import { Problem } from '@shared/api'

export interface Asked<T> {
  value: Ref<T | null>
  problem: Ref<Problem | null>
  isLoading: Ref<boolean>
  /** Ask again; an answer there is stays until a new one comes. */
  load: () => Promise<void>
}

/** Ask when the page opens. */
export function useAsked<T>(ask: () => Promise<T>): Asked<T> {
  const value = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const isLoading = ref(false)
  async function load(): Promise<void> {
    isLoading.value = true
    try {
      value.value = await ask()
      problem.value = null
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
    } finally {
      isLoading.value = false
    }
  }
  onMounted(load)
  return { value, problem, isLoading, load }
}

/** Do something once at a time; what goes wrong is kept, to be shown beside what was typed. */
export function useAct() {
  const problem = shallowRef<Problem | null>(null)
  const isBusy = ref(false)
  /** Tell whether it was done. */
  async function act(does: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    problem.value = null
    try {
      await does()
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
      return false
    } finally {
      isBusy.value = false
    }
  }
  return { act, problem, isBusy }
}
