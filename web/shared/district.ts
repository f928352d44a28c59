// Which district this is, and on what its maps are drawn.
import { api, data, type Schemas } from './api'
import { once } from './once'

/** Give the district's card. */
export const district = once((): Promise<Schemas['DistrictCard']> => data(api.GET('/api/v1/district')))
