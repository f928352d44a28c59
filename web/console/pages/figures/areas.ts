// The areas that rows stand for: their names, and those above the one shown.
import type { Schemas } from '@shared/api'
import { areasBeneath, getArea } from '../../shared/areas'
import { askFigures, type Asked } from './ask'

/** Give the areas from the root down to `path`, each with its path. */
export async function trailOf(path: string): Promise<{ path: string; name: string }[]> {
  if (!path) return []
  const codes = path.split('/')
  const { area } = await getArea(path)
  return codes.map((_, place) => ({
    path: codes.slice(0, place + 1).join('/'),
    name: area.names[place] ?? codes[place]!,
  }))
}

/** Ask for a row for each area beneath; where there is only one, as beneath a district, for those beneath that one. */
export async function askAreas(asked: Asked): Promise<{ rows: Schemas['FigureRow'][]; names: Map<string, string> }> {
  const found = await askFigures(asked, 'area')
  const rows = found.rows.filter(({ key }) => key !== null)
  const names = new Map((await areasBeneath(found.area)).map((area) => [area.path, area.name]))
  const [only] = rows
  return rows.length === 1 && names.size === 1 ? askAreas({ ...asked, area: only!.key! }) : { rows, names }
}
