// Words for people: Chinese first, English complete. Each page keeps its own beside it.
import { createI18n, useI18n } from 'vue-i18n'
import { speak } from './api'

export type Language = 'zh-CN' | 'en'
const STORED = 'language'

type Tree = { [key: string]: string | Tree }
/** The same keys with other words. */
type Same<T> = { [K in keyof T]: T[K] extends string ? string : Same<T[K]> }

/** Pair the words of a page; English that lacks a key of the Chinese does not compile. */
export function words<T extends Tree>(zh: T, en: Same<T>): Record<Language, T> {
  return { 'zh-CN': zh, en: en as T }
}

type Translate = (key: string, values?: Record<string, unknown> | number, plural?: number) => string

/** Words that are missing show as their key; the browser's own log says so, and no test of a page allows for it. */
function missing(language: string, key: string): void {
  console.error(`no words for ${key} in ${language}`)
}

/**
 * Use a page's words: `const t = useWords(WORDS)`, then `t('key')`, `t('key', { name })`. Once in a component: another
 * call would get the words of the first.
 */
export function useWords(messages: Record<Language, Tree>): Translate {
  return useI18n({ messages, missing, useScope: 'local' } as object).t as unknown as Translate
}

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'zh-CN' || stored === 'en') return stored
  return navigator.language.startsWith('zh') || !navigator.language ? 'zh-CN' : 'en'
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLanguage(),
  fallbackLocale: 'zh-CN',
  missingWarn: false, // `missing` says it
  missing,
})

/** Show everything in this language from now on, and remember it on this device. */
export function setLanguage(language: Language): void {
  i18n.global.locale.value = language
  localStorage.setItem(STORED, language)
  document.documentElement.lang = language
  speak(language)
}

/** Give the language in use. */
export function currentLanguage(): Language {
  return i18n.global.locale.value as Language
}

/** Choose between the two words of what the service gives in both. */
export function inWords(text: { zh: string; en: string }): string {
  return currentLanguage() === 'en' && text.en ? text.en : text.zh
}

setLanguage(currentLanguage())
