// What is being written stays on the phone until it was sent, and the codes of what was sent, so that nobody must note them.
const DRAFT = 'appeal draft'
const SENT = 'appeals sent'
const MOST_SENT = 10

export interface Draft {
  /** Made once for what is sent: sent again it is the same appeal. */
  key: string
  category: string
  text: string
  name: string
  phone: string
}

/** Give what was being written, or an empty sheet. */
export function readDraft(): Draft {
  const stored = localStorage.getItem(DRAFT)
  return stored
    ? (JSON.parse(stored) as Draft)
    : { key: crypto.randomUUID(), category: '', text: '', name: '', phone: '' }
}

export function keepDraft(draft: Draft): void {
  localStorage.setItem(DRAFT, JSON.stringify(draft))
}

/** Forget what was written, and remember under which code it is now. */
export function rememberSent(token: string): void {
  localStorage.removeItem(DRAFT)
  localStorage.setItem(SENT, JSON.stringify([token, ...sentTokens()].slice(0, MOST_SENT)))
}

export function sentTokens(): string[] {
  return JSON.parse(localStorage.getItem(SENT) ?? '[]') as string[]
}
