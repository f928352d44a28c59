// The words for amenities, which are the district's own data; asked for once, kept for when there is no network.
import { shallowRef } from 'vue'
import { api, data, type Schemas } from '@shared/api'
import { inWords } from '@shared/words'
import { recall, remember } from '../../frame/memory'

type Kind = Schemas['AmenityKind']

const kinds = shallowRef<Kind[]>([])
let isAsked = false

/** Give the kinds of amenities in the district's order; empty until they are known. */
export function useVocabulary() {
  if (!isAsked) {
    isAsked = true
    void read().catch(() => (isAsked = false))
  }
  return { kinds, nameOf }
}

async function read(): Promise<void> {
  kinds.value = (await recall<Kind[]>('amenities'))?.answer ?? kinds.value
  kinds.value = (await data(api.GET('/api/v1/amenities'))).amenities
  await remember('amenities', kinds.value)
}

function nameOf(code: string): string {
  const kind = kinds.value.find((each) => each.code === code)
  return kind ? inWords(kind) : code
}
