import { createApp } from 'vue'
import 'vant/lib/index.css'
import { i18n } from '@shared/words'
import App from './App.vue'
import { followUpdates } from './frame/updates'
import { knowRider, router } from './routes'
import './style.css'

/** The first page comes first: who is signed in and the app's own files can wait so long. */
const LATER_MS = 2500

createApp(App).use(i18n).use(router).mount('#app')
void router.isReady().then(() => {
  const isFinding = router.currentRoute.value.name === 'nearby' || router.currentRoute.value.name === 'station'
  setTimeout(() => void knowRider(), isFinding ? LATER_MS : 0)
  setTimeout(() => void followUpdates().catch(() => {}), LATER_MS) // the app works without it, with a network
  // What waits on the phone goes out whichever page is open; after the page is there, so that nobody waits for it.
  void import('./outbox/outbox').then(({ openOutbox }) => openOutbox())
})
