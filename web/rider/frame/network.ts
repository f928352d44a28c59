// Whether the phone believes that it has a network; a request may fail all the same.
import { readonly, ref } from 'vue'

const online = ref(navigator.onLine)
addEventListener('online', () => (online.value = true))
addEventListener('offline', () => (online.value = false))

export const isOnline = readonly(online)
