// A few words on what has just been done, at the foot of the page for a moment; the frame shows and announces them.
import { readonly, ref } from 'vue'

const SHOWN_MS = 3000

const words = ref('')
let timer = 0

export const said = readonly(words)

/** Say that something was done. */
export function say(text: string): void {
  words.value = text
  window.clearTimeout(timer)
  timer = window.setTimeout(() => (words.value = ''), SHOWN_MS)
}
