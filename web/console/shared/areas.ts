// Areas by their paths: what they are called, learned as they are shown, and what is beneath them.
import { reactive } from 'vue'
import { api, data, type Schemas } from '@shared/api'

const names = reactive(new Map<string, string>())
const asked = new Set<string>()

/** Give the code of the area at the end of a path. */
export const codeOf = (path: string) => path.split('/').at(-1)!

/** Give the names of an area without that of the district above it. */
export function shortNames(all: readonly string[] | null | undefined): string {
  return all?.length ? all.slice(all.length > 1 ? 1 : 0).join(' · ') : ''
}

/** Give the names from below the district down to the area at `path`; its code until they are known. */
export function areaName(path: string): string {
  if (!asked.has(path)) {
    asked.add(path)
    void learn(path)
  }
  return names.get(path) ?? codeOf(path)
}

async function learn(path: string): Promise<void> {
  try {
    const { area } = await getArea(path)
    names.set(path, shortNames(area.names))
  } catch {
    asked.delete(path) // an area of former boundaries keeps its code; after a failure the next to show it asks again
  }
}

export function getArea(path: string): Promise<Schemas['AreaDetail']> {
  return data(api.GET('/api/v1/areas/{code}', { params: { path: { code: codeOf(path) } } }))
}

/** List the areas directly beneath `path`; `''` gives the roots. */
export async function areasBeneath(path: string): Promise<Schemas['Area'][]> {
  const areas: Schemas['Area'][] = []
  const parent = path ? codeOf(path) : undefined
  let after: string | null = ''
  while (after !== null) {
    const page: Schemas['AreaList'] = await data(
      api.GET('/api/v1/areas', { params: { query: { parent, after, limit: 500 } } }),
    )
    areas.push(...page.areas)
    after = page.next_after
  }
  return areas
}
