// New versions of the app. The service worker of a new version waits until the rider lets it take over, and he is
// asked only where nothing is being written; then every page of the old version is loaded anew.
import { computed, ref } from 'vue'
import type { RouteLocationNormalized } from 'vue-router'

const CHECK_EVERY_MS = 30 * 60_000

const waiting = ref<ServiceWorker | null>(null)
/** Another tab let the new version take over: this page's own files are gone. */
const replaced = ref(false)
let isAsked = false

/** Whether a new version waits. */
export const hasUpdate = computed(() => waiting.value !== null || replaced.value)

/** Keep the app's files on the phone and look for new versions. Does nothing where browsers cannot. */
export async function followUpdates(): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined
  if (!workers) return
  const hadOne = Boolean(workers.controller)
  workers.addEventListener('controllerchange', () => {
    if (!hadOne) return // the first one: nothing is replaced
    if (isAsked) location.reload()
    else replaced.value = true
  })
  const registered = await workers.register(`${import.meta.env.BASE_URL}sw.js`, { scope: import.meta.env.BASE_URL })
  const look = () => {
    if (registered.waiting && workers.controller) waiting.value = registered.waiting
  }
  look()
  registered.addEventListener('updatefound', () => registered.installing?.addEventListener('statechange', look))
  let checkedAt = Date.now()
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || Date.now() - checkedAt < CHECK_EVERY_MS) return
    checkedAt = Date.now()
    void registered.update().catch(() => {}) // without a network there is nothing new
  })
}

/** Let the new version take over; the page is loaded anew when it has. */
export function takeUpdate(): void {
  if (!waiting.value) return location.reload()
  isAsked = true
  waiting.value.postMessage('take over')
}

/** Where this page's files are gone, load the next page whole; true when that is on its way. */
export function reloadInstead(from: RouteLocationNormalized, href: string): boolean {
  if (!replaced.value || from.matched.length === 0) return false
  location.assign(href)
  return true
}
