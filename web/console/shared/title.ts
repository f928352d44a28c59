// What the browser's tab and the history say.
import { watchEffect } from 'vue'

/** Name the page in the tab while it is shown; `name` is asked again when the language changes. */
export function useTitle(name: () => string): void {
  watchEffect(() => (document.title = `${name()} · 骑士驿站`))
}
