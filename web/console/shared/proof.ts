// Acts on power or on people ask for a recent proof of who one is: the dialog asks for it once, and the act goes on.
import { readonly, ref } from 'vue'
import { Problem } from '@shared/api'
import { currentLanguage } from '@shared/words'

const open = ref(false)
let settle: ((isProved: boolean) => void) | null = null
let asking: Promise<boolean> | null = null

/** Whether the dialog is shown; it stands once, in the frame. */
export const isAsking = readonly(open)

/** Tell those who wait whether the proof was given; the dialog calls it. */
export function answer(isProved: boolean): void {
  open.value = false
  settle?.(isProved)
  settle = asking = null
}

/**
 * Do what may ask for a recent proof: where it does, the dialog asks, and the act is done once more.
 * Whoever declines gets a `Problem` with the slug `proof-declined` that says that nothing was changed.
 */
export async function withProof<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.slug !== 'recent-sign-in-needed') throw problem
    asking ??= new Promise<boolean>((resolve) => {
      settle = resolve
      open.value = true
    })
    if (await asking) return act()
    throw declined()
  }
}

function declined(): Problem {
  return currentLanguage() === 'en'
    ? new Problem(403, 'proof-declined', 'Not done', 'You did not confirm who you are. Nothing was changed.')
    : new Problem(403, 'proof-declined', '未执行', '没有验证身份，未做任何更改。')
}
