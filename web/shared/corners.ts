// The corners of outlines, for a map to look at.
import type { Geometry } from 'geojson'
import type { LonLat } from './datum'

/** Give every position of a geometry. */
export function cornersOf(geometry: Geometry): LonLat[] {
  if (geometry.type === 'GeometryCollection') return geometry.geometries.flatMap(cornersOf)
  const take = (coordinates: unknown): LonLat[] =>
    typeof (coordinates as unknown[])[0] === 'number'
      ? [coordinates as LonLat]
      : (coordinates as unknown[]).flatMap(take)
  return take(geometry.coordinates)
}
