import { words } from '@shared/words'

export const WORDS = words(
  { places: '主要页面', nearby: '附近驿站', report: '随手报', me: '我的' },
  { places: 'Main pages', nearby: 'Nearby', report: 'Report', me: 'Me' },
)
