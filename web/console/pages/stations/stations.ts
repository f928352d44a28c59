// What the page asks and tells of stations.
import { api, data, Problem, type Schemas } from '@shared/api'
import { once } from '@shared/once'

export type Line = Schemas['StationLine']
export type Station = Schemas['Station']
export type AmenityState = Schemas['AmenityState']

/** The fields that are edited in the table itself. */
export type Field = 'name' | 'address' | 'hours'

/** What the field holds, as it would be typed. */
export function valueOf(station: Pick<Line, 'name' | 'address' | 'hours_typed'>, field: Field): string {
  return field === 'hours' ? station.hours_typed : station[field]
}

export async function listStations(query: {
  area: string
  text: string
  after: number
}): Promise<Schemas['StationPage']> {
  return data(api.GET('/api/v1/stations', { params: { query: { ...query, limit: 50 } } }))
}

export async function recordOf(id: number): Promise<Station> {
  return data(api.GET('/api/v1/stations/{station_id}/record', { params: { path: { station_id: id } } }))
}

/** Change some fields of the version that was read; the others stay. */
export async function change(
  id: number,
  rowVersion: number,
  fields: Partial<Schemas['StationPatch']>,
): Promise<Station> {
  const body = { ...fields, row_version: rowVersion } as Schemas['StationPatch']
  return data(api.PATCH('/api/v1/stations/{station_id}', { params: { path: { station_id: id } }, body }))
}

export async function putAmenity(id: number, amenity: string, state: AmenityState): Promise<Station> {
  const path = { station_id: id, amenity }
  const body = { state } as Schemas['AmenityStateBody']
  return data(api.PUT('/api/v1/stations/{station_id}/amenities/{amenity}', { params: { path }, body }))
}

/** Say that the door was found open, and that the station was seen: lifts what riders said of it. */
export async function sayOpen(id: number): Promise<void> {
  const path = { station_id: id }
  const body = { kind: 'found_open', device_nonce: crypto.randomUUID() } as Schemas['FeedbackBody']
  await api.POST('/api/v1/stations/{station_id}/feedback', { params: { path }, body })
  await change(id, (await recordOf(id)).row_version, { is_verified: true })
}

/** Tell whether a problem is that somebody else changed the station meanwhile. */
export function isConflict(problem: unknown): boolean {
  return problem instanceof Problem && problem.slug === 'station-changed'
}

/** Make a line of the table from a whole record. */
export function lineOf(station: Station): Line {
  return {
    id: station.id,
    code: station.code,
    name: station.name,
    address: station.address,
    hours: station.hours,
    hours_typed: station.hours_typed,
    lon: station.lon,
    lat: station.lat,
    area_path: station.area_path,
    verified_at: station.verified_at,
    suspended_from: station.suspended_from,
    suspended_until: station.suspended_until,
    found_locked_at: station.found_locked_at,
    is_demo: station.is_demo,
    row_version: station.row_version,
  }
}

/** Give the words for amenities. */
export const amenityKinds = once(
  async (): Promise<Schemas['AmenityKind'][]> => (await data(api.GET('/api/v1/amenities'))).amenities,
)
