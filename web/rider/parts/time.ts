// Moments in the reader's language.
import { currentLanguage } from '@shared/words'

/** Write day and time, without the year. */
export function dayAndTime(moment: string | number): string {
  const shape = { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false } as const
  return new Date(moment).toLocaleString(currentLanguage(), shape)
}
