// The areas that rows stand for: their names, and those above the one shown.
import { api, data, type Schemas } from '@shared/api'
import { askFigures, type Asked } from './ask'

/** Give path → name of the areas directly beneath `path`; `''` is the district, whose roots are beneath it. */
export async function namesBeneath(path: string): Promise<Map<string, string>> {
  const parent = path.split('/').at(-1) || undefined
  const names = new Map<string, string>()
  let after: string | null = ''
  while (after !== null) {
    const page: Schemas['AreaList'] = await data(
      api.GET('/api/v1/areas', { params: { query: { parent, after, limit: 500 } } }),
    )
    for (const area of page.areas) names.set(area.path, area.name)
    after = page.next_after
  }
  return names
}

/** Give the areas from the root down to `path`, each with its path. */
export async function trailOf(path: string): Promise<{ path: string; name: string }[]> {
  if (!path) return []
  const codes = path.split('/')
  const { area } = await data(api.GET('/api/v1/areas/{code}', { params: { path: { code: codes.at(-1)! } } }))
  return codes.map((_, place) => ({
    path: codes.slice(0, place + 1).join('/'),
    name: area.names[place] ?? codes[place]!,
  }))
}

/** Ask for a row for each area beneath; where there is only one, as beneath a district, for those beneath that one. */
export async function askAreas(asked: Asked): Promise<{ rows: Schemas['FigureRow'][]; names: Map<string, string> }> {
  const found = await askFigures(asked, 'area')
  const rows = found.rows.filter(({ key }) => key !== null)
  const names = await namesBeneath(found.area)
  const [only] = rows
  return rows.length === 1 && names.size === 1 ? askAreas({ ...asked, area: only!.key! }) : { rows, names }
}
