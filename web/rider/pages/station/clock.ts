// The time that pages speak of, moving on by itself, and the time zone in which the district's doors open.
import { onScopeDispose, readonly, ref } from 'vue'
import { districtCard } from '../../frame/card'

const zone = ref('Asia/Shanghai')

/** Give the moment, renewed twice a minute, and the district's time zone. */
export function useClock() {
  const now = ref(new Date())
  const timer = setInterval(() => (now.value = new Date()), 30_000)
  onScopeDispose(() => clearInterval(timer))
  void districtCard()
    .then((card) => (zone.value = card.timezone))
    .catch(() => {})
  return { now, zone: readonly(zone), tick: () => (now.value = new Date()) }
}
