import { words, type Language } from '@shared/words'
import { WORDS as CONSOLE } from '../../words'

export const WORDS = words(
  {
    title: '人员',
    tabs: '人员管理的各部分',
    none: '您的角色在这里没有可看的内容。',
    applications: '申请',
    appointments: '聘任',
    points: '积分',
    staff: '工作人员',
    rota: '值班',
    trail: '审计',
    retention: '保存期限',
    more: '再显示一些',
    loading: '正在读取…',
    cancel: '取消',
    close: '关闭',
    wholeDistrict: '全区',
    pickArea: '选择区域',
    wholeAbove: '上面所选的整个区域',
    areaLevel: '{label}，第 {n} 级',
    suggestions: '常用理由',
    rider: '骑手 {id}',
  },
  {
    title: 'People',
    tabs: 'Parts of this page',
    none: 'There is nothing here for your role.',
    applications: 'Applications',
    appointments: 'Appointments',
    points: 'Points',
    staff: 'Staff',
    rota: 'Rota',
    trail: 'Audit trail',
    retention: 'Retention',
    more: 'Show more',
    loading: 'Reading…',
    cancel: 'Cancel',
    close: 'Close',
    wholeDistrict: 'The whole district',
    pickArea: 'Choose an area',
    wholeAbove: 'All of the area above',
    areaLevel: '{label}, level {n}',
    suggestions: 'Reasons often given',
    rider: 'Rider {id}',
  },
)

/** Put what all parts of the page say beside the words of one: a component reads one set of words. */
export function onPage<T extends object>(own: Record<Language, T>) {
  const both = (language: Language) => ({
    ...own[language],
    page: WORDS[language],
    role: CONSOLE[language].role,
  })
  return { 'zh-CN': both('zh-CN'), en: both('en') }
}
