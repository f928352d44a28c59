// Outlines of areas, and how maps draw them.
import type { Feature, FeatureCollection } from 'geojson'
import { api, data, type Schemas } from '@shared/api'

export type Outlines = Schemas['Outlines']

/** Give the outlines beneath an area, or of the roots. */
export function outlinesBeneath(parent?: string): Promise<Outlines> {
  return data(api.GET('/api/v1/areas/outlines', { params: { query: parent ? { parent } : {} } }))
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
