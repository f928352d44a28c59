// Asks once more before what cannot be taken back as easily as it is done.
import { ElMessage, ElMessageBox } from 'element-plus'
import type { Problem } from '@shared/api'

/** Ask, do it if agreed to, and say what became of it; tell whether it was done. */
export async function confirmed(
  asked: { title: string; text: string; yes: string; no: string; done?: string },
  act: () => Promise<unknown>,
): Promise<boolean> {
  const isAgreed = await ElMessageBox.confirm(asked.text, asked.title, {
    confirmButtonText: asked.yes,
    cancelButtonText: asked.no,
  }).then(
    () => true,
    () => false,
  )
  if (!isAgreed) return false
  try {
    await act()
  } catch (raised) {
    ElMessage.error((raised as Problem).detail || (raised as Problem).title)
    return false
  }
  if (asked.done) ElMessage.success(asked.done)
  return true
}
