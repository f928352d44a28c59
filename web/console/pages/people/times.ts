// Days and times as the reader writes them.
import { currentLanguage } from '@shared/words'

export const dayOf = (at: string | Date) => new Date(at).toLocaleDateString(currentLanguage(), { dateStyle: 'medium' })

export const momentOf = (at: string | Date) =>
  new Date(at).toLocaleString(currentLanguage(), { dateStyle: 'medium', timeStyle: 'short' })

export const clockOf = (at: string | Date) =>
  new Date(at).toLocaleTimeString(currentLanguage(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
