// A question or a word that stands before all else until it is answered.
import { nextTick } from 'vue'
import { showConfirmDialog, showDialog, type DialogOptions } from 'vant'

/** Ask whether something is really meant, and give the answer. */
export async function isSure(asked: DialogOptions & { title: string }): Promise<boolean> {
  const answer = showConfirmDialog(named(asked, asked.title)).then(
    () => true,
    () => false,
  )
  await takeFocus()
  return answer
}

/** Tell something that must not be overlooked. */
export async function warn(message: string): Promise<void> {
  const read = showDialog(named({ message }, message))
  await takeFocus()
  await read
}

/** Vant names a dialog by the id of an element that is not there; what hears the page must be told its name. */
function named(options: DialogOptions, name: string): DialogOptions {
  return { ...options, 'aria-labelledby': undefined, 'aria-label': name } as DialogOptions
}

/** So that keys and what reads the page aloud are in the dialog, and not behind it. */
async function takeFocus(): Promise<void> {
  await nextTick()
  document.querySelector<HTMLElement>('.van-dialog')?.focus()
}
