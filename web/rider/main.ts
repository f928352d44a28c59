import { createApp } from 'vue'
import 'vant/lib/index.css'
import { i18n } from '@shared/words'
import { readSession } from '@shared/session'
import App from './App.vue'
import { router } from './routes'
import './style.css'

void readSession().catch(() => {}) // without a network the pages show what they know
createApp(App).use(i18n).use(router).mount('#app')
// What waits on the phone goes out whichever page is open; after the page is there, so that nobody waits for it.
void import('./outbox/outbox').then(({ openOutbox }) => openOutbox())
