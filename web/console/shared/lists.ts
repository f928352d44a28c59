// Lists that change seldom, asked for once: categories, and the departments that serve one's areas.
import { api, data, type Schemas } from '@shared/api'

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null
  return () =>
    (asked ??= ask().catch((problem: unknown) => {
      asked = null
      throw problem
    }))
}

export const categories = once(
  async (): Promise<Schemas['Category'][]> => (await data(api.GET('/api/v1/categories'))).categories,
)

export const departments = once(
  async (): Promise<Schemas['Department'][]> => (await data(api.GET('/api/v1/departments'))).departments,
)
