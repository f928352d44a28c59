// Which roles one may give and take; the same as in community/staff/granting.py.
import { holds, type Role } from '../../../shared/roles'

const BENEATH_A_SUBDISTRICT: Role[] = ['secretary', 'grid_worker', 'station_host', 'department']
const ALL: Role[] = ['district_admin', 'subdistrict', ...BENEATH_A_SUBDISTRICT, 'auditor']

/** Who administers accounts. */
export const GIVERS: Role[] = ['district_admin', 'subdistrict']
/** Roles that may be held on the whole district. */
export const DISTRICT_WIDE: Role[] = ['district_admin', 'auditor', 'department']

export function givableRoles(): Role[] {
  if (holds('district_admin')) return ALL
  return holds('subdistrict') ? BENEATH_A_SUBDISTRICT : []
}
