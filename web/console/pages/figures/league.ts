// Comparing areas fairly: with what chance alone could do, and without those that have too few cases.
import type { Schemas } from '@shared/api'

export const FEWEST = 30
/** Of these, less is better. */
export const LOWER_IS_BETTER = new Set(['rework', 'dissatisfaction'])
const Z = 1.959964 // 95 %

export interface Standing {
  key: string
  figure: Schemas['RateFigure']
  /** Where the true rate may well lie; null where nothing is shown. */
  interval: [low: number, high: number] | null
  /** Null: too few to rank. The same for areas whose intervals overlap that of the best of their rank. */
  rank: number | null
  isTied: boolean
}

/** Wilson's score interval of a share (E. B. Wilson, 1927). */
export function wilson(numerator: number, denominator: number): [number, number] {
  const share = numerator / denominator
  const z2 = Z * Z
  const middle = share + z2 / (2 * denominator)
  const half = Z * Math.sqrt((share * (1 - share)) / denominator + z2 / (4 * denominator * denominator))
  const whole = 1 + z2 / denominator
  return [Math.max(0, (middle - half) / whole), Math.min(1, (middle + half) / whole)]
}

/** Put the areas in order by one rate: the ranked ones first, the best of them on top. */
export function standings(rows: Schemas['FigureRow'][], code: string): Standing[] {
  const all = rows
    .filter((row) => row.key !== null)
    .map((row): Standing => {
      const figure = row.rates[code]!
      const { numerator, denominator } = figure
      const interval = numerator !== null && denominator ? wilson(numerator, denominator) : null
      return { key: row.key!, figure, interval, rank: null, isTied: false }
    })
  const better = LOWER_IS_BETTER.has(code) ? 1 : -1
  const isRanked = (one: Standing) => one.interval !== null && (one.figure.denominator ?? 0) >= FEWEST
  const ranked = all.filter(isRanked).sort((a, b) => better * (a.figure.rate! - b.figure.rate!))
  let best: Standing | null = null
  ranked.forEach((one, place) => {
    if (best && overlap(one.interval!, best.interval!)) {
      one.rank = best.rank
      one.isTied = best.isTied = true
    } else {
      one.rank = place + 1
      best = one
    }
  })
  const rest = all
    .filter((one) => !isRanked(one))
    .sort((a, b) => (b.figure.denominator ?? 0) - (a.figure.denominator ?? 0))
  return [...ranked, ...rest]
}

function overlap(a: [number, number], b: [number, number]): boolean {
  return a[0] <= b[1] && b[0] <= a[1]
}
