// Lists that change seldom, asked for once: categories, the departments that serve one's areas, what figures mean.
import { api, data, type Schemas } from '@shared/api'
import { once } from '@shared/once'

export const categories = once(
  async (): Promise<Schemas['Category'][]> => (await data(api.GET('/api/v1/categories'))).categories,
)

export const departments = once(
  async (): Promise<Schemas['Department'][]> => (await data(api.GET('/api/v1/departments'))).departments,
)

export const definitions = once((): Promise<Schemas['Definitions']> => data(api.GET('/api/v1/figures/definitions')))
