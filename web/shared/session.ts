// Who is signed in on this device: read once, kept while the page lives.
import { computed, readonly, ref } from 'vue'
import { api, data, holdCsrfToken, Problem, whenSignedOut, type Schemas } from './api'

const me = ref<Schemas['Me'] | null>(null)

/** Who is signed in; null for nobody. */
export const session = readonly(me)
export const isRider = computed(() => me.value?.kind === 'rider')
export const isStaff = computed(() => me.value?.kind === 'staff')

/** Ask who is signed in. Without a network it stays as it was known. */
export async function readSession(): Promise<void> {
  holdCsrfToken('') // whatever was signed in before may be renewed
  try {
    const found = await data(api.GET('/api/v1/session'))
    me.value = found
    holdCsrfToken(found.csrf_token)
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem
    forget()
  }
}

/** Take the session that signing in has just opened. */
export async function takeSession(opened: { csrf_token: string | null }): Promise<void> {
  holdCsrfToken(opened.csrf_token)
  me.value = await data(api.GET('/api/v1/session'))
}

/** End this session. */
export async function signOut(): Promise<void> {
  await api.DELETE('/api/v1/session')
  forget()
}

function forget(): void {
  me.value = null
  holdCsrfToken(null)
}

whenSignedOut(forget)
