// What the person signed in may see of the console. The service decides; this only leaves out doors that would not open.
import { session } from '@shared/session'
import type { Schemas } from '@shared/api'

export type Role = Schemas['Role']

/** Tell whether the person signed in holds any of these roles, wherever it be. */
export function holds(...roles: Role[]): boolean {
  return (session.value?.grants ?? []).some((grant) => roles.includes(grant.role))
}
