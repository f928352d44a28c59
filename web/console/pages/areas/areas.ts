// What the page asks of areas, and how it draws them.
import type { Feature, FeatureCollection } from 'geojson'
import { api, data, type Schemas } from '@shared/api'
import type { LonLat } from '@shared/datum'

export type Area = Schemas['Area']
export type Outlines = Schemas['Outlines']

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

/** Give the outlines beneath an area, or of the roots. */
export function outlinesBeneath(parent?: string): Promise<Outlines> {
  return data(api.GET('/api/v1/areas/outlines', { params: { query: parent ? { parent } : {} } }))
}

/** Give the outlines of the lowest areas of a generation. */
export function leavesOf(generation: number): Promise<Outlines> {
  return data(api.GET('/api/v1/areas/outlines', { params: { query: { generation, leaves: true } } }))
}

/** Give the code of the area that a place lies in; null where it lies in none. */
export async function codeAt([lon, lat]: LonLat): Promise<string | null> {
  return (await data(api.GET('/api/v1/areas/locate', { params: { query: { lon, lat } } }))).area_code
}

/** Make what the map draws; `paint` gives further properties of each, such as its colour. */
export function drawn(
  outlines: Outlines,
  paint: (properties: Record<string, unknown>) => Record<string, unknown> = () => ({}),
): FeatureCollection {
  const features = outlines.features as unknown as Feature[]
  return {
    type: 'FeatureCollection',
    features: features.map((one) => ({ ...one, properties: { ...one.properties, ...paint(one.properties ?? {}) } })),
  }
}

/** Give the corners of everything drawn, for the map to look at. */
export function cornersOf(areas: FeatureCollection): LonLat[] {
  const found: LonLat[] = []
  const take = (coordinates: unknown): void => {
    const list = coordinates as unknown[]
    if (typeof list[0] === 'number') found.push(list as unknown as LonLat)
    else list.forEach(take)
  }
  for (const { geometry } of areas.features) if ('coordinates' in geometry) take(geometry.coordinates)
  return found
}
