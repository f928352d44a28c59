// A chosen boundary file: what kind it is, and how its rows are to be read.
import type { Datum } from '@shared/datum'
import type { Schemas } from '@shared/api'
import { upload } from '../../../shared/upload'

export const LARGEST = 32 * 2 ** 20
const KINDS: Record<string, string> = {
  geojson: 'application/geo+json',
  json: 'application/geo+json',
  zip: 'application/zip',
  gpkg: 'application/geopackage+sqlite3',
}
const DRAFT = '/api/v1/generations/draft'

export interface Choices {
  layer: string
  encoding: string
  level: string
  nameField: string
  codeField: string
  datum: Datum | ''
  under: 'none' | 'one' | 'field'
  parent: string
  parentField: string
  scheme: string
  year: number | null
}

export function mediaTypeOf(file: File): string | null {
  return KINDS[file.name.split('.').pop()!.toLowerCase()] ?? null
}

/** Ask what the file holds. */
export async function describe(file: File, how: Pick<Choices, 'layer' | 'encoding'>): Promise<Schemas['FileNote']> {
  return (await upload<Schemas['FileNote']>(`${DRAFT}/description`, inFile(how), file, mediaTypeOf(file)!)).report
}

/** Take the file into the draft; with faults nothing of it is taken and the report says which. */
export async function bring(file: File, how: Choices): Promise<Schemas['BoundaryReport']> {
  const query: [string, string][] = [
    ...inFile(how),
    ['level', how.level],
    ['name_field', how.nameField],
    ['code_field', how.codeField],
    ['datum', how.datum],
  ]
  if (how.scheme.trim()) query.push(['scheme', how.scheme.trim()])
  if (how.under === 'one') query.push(['parent', how.parent.trim()])
  if (how.under === 'field') query.push(['parent_field', how.parentField])
  if (how.year) query.push(['year', String(how.year)])
  return (await upload<Schemas['BoundaryReport']>(`${DRAFT}/areas`, query, file, mediaTypeOf(file)!)).report
}

function inFile(how: Pick<Choices, 'layer' | 'encoding'>): [string, string][] {
  const query: [string, string][] = []
  if (how.layer) query.push(['layer', how.layer])
  if (how.encoding) query.push(['encoding', how.encoding])
  return query
}

/** Guess which field holds what, by names that such files use. */
export function guess(fields: string[], words: RegExp): string {
  return fields.find((name) => words.test(name)) ?? ''
}
