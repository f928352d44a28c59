// How far a point is from the line of an area, for a person to judge; which area it belongs to the service decides.
import type { Geometry, Position } from 'geojson'

const METRES_PER_DEGREE = 111_195

/** Give the metres from a place to the nearest line of a polygon, both WGS-84; good within a kilometre. */
export function metresToLine([lon, lat]: Position, shape: Geometry): number {
  const east = METRES_PER_DEGREE * Math.cos((lat! * Math.PI) / 180)
  const flat = ([x, y]: Position): [number, number] => [(x! - lon!) * east, (y! - lat!) * METRES_PER_DEGREE]
  const rings =
    shape.type === 'Polygon' ? shape.coordinates : shape.type === 'MultiPolygon' ? shape.coordinates.flat() : []
  let nearest = Infinity
  for (const ring of rings) {
    for (let place = 1; place < ring.length; place++) {
      nearest = Math.min(nearest, toSegment(flat(ring[place - 1]!), flat(ring[place]!)))
    }
  }
  return nearest
}

/** Give the distance from the origin to a segment. */
function toSegment([x, y]: [number, number], [endX, endY]: [number, number]): number {
  const [dx, dy] = [endX - x, endY - y]
  const length2 = dx * dx + dy * dy
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, -(x * dx + y * dy) / length2))
  return Math.hypot(x + t * dx, y + t * dy)
}
