// What the page asks of areas.
import { api, data, type Schemas } from '@shared/api'
import type { LonLat } from '@shared/datum'
import type { Outlines } from '../../shared/outlines'

export type Area = Schemas['Area']

/** So many children of an area are listed in the tree; the search finds the rest. */
export const MOST_LISTED = 2000
const PAGE = 500

export interface Listed {
  generation: number
  areas: Area[]
  isCut: boolean
}

/** List the areas directly beneath one, or the roots. */
export async function listAreas(parent?: string): Promise<Listed> {
  const areas: Area[] = []
  let generation = 0
  let after: string | null = ''
  while (after !== null && areas.length < MOST_LISTED) {
    const query: { parent?: string; after: string; limit: number } = { after, limit: PAGE }
    if (parent) query.parent = parent
    const page: Schemas['AreaList'] = await data(api.GET('/api/v1/areas', { params: { query } }))
    areas.push(...page.areas)
    generation = page.generation
    after = page.next_after
  }
  return { generation, areas, isCut: after !== null }
}

/** Give the outlines of the lowest areas of a generation. */
export function leavesOf(generation: number): Promise<Outlines> {
  return data(api.GET('/api/v1/areas/outlines', { params: { query: { generation, leaves: true } } }))
}

/** Give the code of the area that a place lies in; null where it lies in none. */
export async function codeAt([lon, lat]: LonLat): Promise<string | null> {
  return (await data(api.GET('/api/v1/areas/locate', { params: { query: { lon, lat } } }))).area_code
}
