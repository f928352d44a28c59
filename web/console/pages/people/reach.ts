// How far the roles of the person signed in reach. The service decides; this only leaves out what it would refuse.
import { session } from '@shared/session'
import type { Role } from '../../shared/roles'

/** Tell whether one of `roles` is held on the area at `path` or above it; `''` is the whole district. */
export function reaches(path: string, ...roles: Role[]): boolean {
  return (session.value?.grants ?? []).some(
    ({ role, area_path: held }) =>
      roles.includes(role) && (held === '' || path === held || path.startsWith(`${held}/`)),
  )
}

/** Give the areas on which one of `roles` is held. */
export function heldAreas(...roles: Role[]): string[] {
  return (session.value?.grants ?? []).filter(({ role }) => roles.includes(role)).map(({ area_path: path }) => path)
}
