// Which district this is, and on what its maps are drawn; asked for once.
import { api, data, type Schemas } from './api'

let asked: Promise<Schemas['DistrictCard']> | null = null

/** Give the district's card; asks again after a failure. */
export function district(): Promise<Schemas['DistrictCard']> {
  asked ??= data(api.GET('/api/v1/district')).catch((problem: unknown) => {
    asked = null
    throw problem
  })
  return asked
}
