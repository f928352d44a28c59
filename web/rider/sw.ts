// The service worker: keeps the app's own files on the phone, so that it opens without a network. It keeps no answers
// of the service; what pages remember of those they keep themselves and mark as old.
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
  type PrecacheEntry,
} from 'workbox-precaching'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: PrecacheEntry[] }

precacheAndRoute(self.__WB_MANIFEST, { directoryIndex: 'index.html' })
cleanupOutdatedCaches()

const openApp = createHandlerBoundToURL('index.html')
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate')
    event.respondWith(openApp({ event, request: event.request, url: new URL(event.request.url) }))
})
// A new version takes over when the page asks it to, between two things done.
self.addEventListener('message', (event) => {
  if (event.data === 'take over') void self.skipWaiting()
})
