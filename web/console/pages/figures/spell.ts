// Numbers as people read them.
type Translate = (key: string, values?: Record<string, unknown>) => string

/** Spell a share: 0.8731 → 87.3%. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}

/** Spell seconds in the largest unit that says enough. */
export function duration(seconds: number | null, t: Translate): string {
  if (seconds === null) return '—'
  if (seconds < 60) return t('seconds')
  if (seconds < 3600) return t('minutes', { n: Math.round(seconds / 60) })
  if (seconds < 2 * 86_400) return t('hours', { n: (seconds / 3600).toFixed(1) })
  return t('days', { n: (seconds / 86_400).toFixed(1) })
}
