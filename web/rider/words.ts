import { words } from '@shared/words'

export const WORDS = words(
  {
    places: '主要页面',
    nearby: '附近驿站',
    report: '随手报',
    me: '我的',
    demo: '演示数据，不是真实驿站',
    offline: '没有网络。能看上次的结果，写好的内容都在。',
    notOpened: '这个页面没有打开。',
    retry: '重试',
    update: '有新版本',
    updateNow: '立即更新',
    updateNote: '草稿和待发送的内容不会丢。',
  },
  {
    places: 'Main pages',
    nearby: 'Nearby',
    report: 'Report',
    me: 'Me',
    demo: 'Demonstration data, no real stations',
    offline: 'No network. You see the last answer; what you wrote is kept.',
    notOpened: 'This page did not open.',
    retry: 'Try again',
    update: 'A new version is ready',
    updateNow: 'Update now',
    updateNote: 'Drafts and what waits to be sent are kept.',
  },
)
