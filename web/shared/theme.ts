// Light or dark, as the device is set; follows it when it changes.
import { readonly, ref } from 'vue'

const query = matchMedia('(prefers-color-scheme: dark)')
const dark = ref(query.matches)
query.addEventListener('change', () => (dark.value = query.matches))

export const usesDark = readonly(dark)
