// What a form does with a problem.
import type { Problem } from '@shared/api'

/** Give what is wrong with the field at this JSON pointer; undefined where nothing is. */
export function errorAt(problem: Problem | null, pointer: string): string | undefined {
  return problem?.errors.find((each) => each.pointer === pointer)?.detail
}
