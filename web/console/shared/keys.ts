// Single keys for those who work by keyboard. A page says which it takes; the help dialog in the frame lists them all.
import { onBeforeUnmount, onMounted, ref, shallowReactive, watch } from 'vue'

export interface Key {
  /** As the browser names it: `j`, `/`, `Enter`. */
  key: string
  /** What it does, for the help. */
  name: () => string
  act: () => void
}

const STORED = 'single-keys'

/** The keys of what is shown now. */
export const activeKeys = shallowReactive<Key[]>([])
/** Whether the help is shown. */
export const isHelpOpen = ref(false)
/** Whether single keys do anything; who speaks to his computer turns them off. */
export const usesKeys = ref(localStorage.getItem(STORED) !== 'off')
watch(usesKeys, (uses) => localStorage.setItem(STORED, uses ? 'on' : 'off'))

/** Take these keys while the component is there. */
export function useKeys(keys: Key[]): void {
  onMounted(() => activeKeys.push(...keys))
  onBeforeUnmount(() => keys.forEach((key) => activeKeys.splice(activeKeys.indexOf(key), 1)))
}

const FIELDS = 'input, textarea, select, [contenteditable], [role=combobox], [role=dialog], [role=menu], [role=listbox]'
const PRESSABLE = 'a, button, summary, [role=button], [role=tab]'

window.addEventListener('keydown', (event) => {
  const at = event.target as HTMLElement
  // Whoever types, also in an input method, or calls a command of his browser means something else.
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
  if (at.closest?.(FIELDS) || document.querySelector('.el-overlay [aria-modal=true]')?.checkVisibility()) return
  if (event.key === 'Enter' && at.closest?.(PRESSABLE)) return
  const pressed = activeKeys.find(({ key }) => key === event.key)
  if (!pressed || !(usesKeys.value || event.key === '?' || event.key === 'Enter')) return
  event.preventDefault()
  pressed.act()
})
