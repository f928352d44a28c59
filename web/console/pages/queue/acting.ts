// Accepting and dispatching from the queue, and telling what came of it.
import { ref } from 'vue'
import { ElMessage } from 'element-plus'
import type { Problem } from '@shared/api'
import { useNow } from '../../shared/clock'
import type { Line } from './cases'
import { acceptingVerb, dispatchCase, useHeldActs, type HeldAct } from './held'

type Translate = (key: string, values?: Record<string, unknown>) => string

/** `onChange` is called when a case may have changed. */
export function useActing(t: Translate, onChange: () => void) {
  const now = useNow()
  const dispatching = ref<Line[]>([])
  const { held, hold, undo } = useHeldActs(tellOf)

  function accept(line: Line): void {
    const verb = acceptingVerb(line)
    if (verb) hold(line, verb, now.value)
    else ElMessage.info(t('held.cannot', { number: line.number }))
  }

  function takeBack(act: HeldAct): void {
    undo(act)
    ElMessage.success(t('held.undone', { number: act.number }))
  }

  function tellOf(act: HeldAct, refused: Problem | null): void {
    const values = { number: act.number, verb: t(`accept.${act.verb}`) }
    if (!refused) ElMessage.success(t('held.done', values))
    else if (refused.isPassing) ElMessage.warning(t('held.kept', values))
    else ElMessage.error({ message: t('held.refused', { ...values, why: refused.detail }), duration: 8000 })
    onChange()
  }

  async function dispatch(departmentId: number, note: string): Promise<void> {
    const line = dispatching.value[0]!
    try {
      await dispatchCase(line, departmentId, note)
      ElMessage.success(t('dispatching.done', { number: line.number }))
    } finally {
      onChange() // also where only filing it succeeded
    }
  }

  return { held, dispatching, accept, takeBack, dispatch }
}
