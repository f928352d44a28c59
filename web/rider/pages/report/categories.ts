// What can be reported: asked for each time, and remembered for when there is no network.
import { computed, ref } from 'vue'
import { api, data, type Schemas } from '@shared/api'
import { inWords } from '@shared/words'

export type Category = Schemas['Category']
export type Question = Schemas['Question']

const STORED = 'categories'
/** What riders meet most comes first; what is not named here follows, and "something else" ends it. */
const ORDER = ['litter', 'blocked_lane', 'road_damage', 'missing_cover', 'standing_water', 'street_light', 'fire_lane']

const known = ref<Category[]>(JSON.parse(localStorage.getItem(STORED) ?? '[]') as Category[])

function rank({ code }: Category): number {
  if (code === 'other') return ORDER.length + 1
  const place = ORDER.indexOf(code)
  return place < 0 ? ORDER.length : place
}

export const categories = computed(() => known.value.toSorted((one, other) => rank(one) - rank(other)))

/** Ask for them anew. Throws a `Problem`; what was known stays. */
export async function loadCategories(): Promise<void> {
  const found = await data(api.GET('/api/v1/categories'))
  known.value = found.categories
  localStorage.setItem(STORED, JSON.stringify(found.categories))
}

/** Name a category in the reader's language; by its code where it is not known here. */
export function nameOf(code: string): string {
  const category = known.value.find((each) => each.code === code)
  return category ? inWords(category) : code
}
