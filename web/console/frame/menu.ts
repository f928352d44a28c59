// The pages of the console and who may find anything on them; the same roles as in app/routes.py.
import {
  DataAnalysis,
  List,
  MapLocation,
  Monitor,
  OfficeBuilding,
  PhoneFilled,
  UserFilled,
} from '@element-plus/icons-vue'
import type { Component } from 'vue'
import { holds, type Role } from '../shared/roles'

export interface Place {
  /** Name of the route, and of its word. */
  name: 'queue' | 'follow-ups' | 'stations' | 'areas' | 'people' | 'figures' | 'wall'
  icon: Component
  roles: Role[]
}

const AREA_STAFF: Role[] = ['district_admin', 'subdistrict', 'secretary', 'grid_worker', 'auditor']

const PLACES: Place[] = [
  { name: 'queue', icon: List, roles: [...AREA_STAFF, 'department'] },
  { name: 'follow-ups', icon: PhoneFilled, roles: AREA_STAFF },
  { name: 'stations', icon: OfficeBuilding, roles: [...AREA_STAFF, 'station_host'] },
  { name: 'areas', icon: MapLocation, roles: AREA_STAFF },
  { name: 'people', icon: UserFilled, roles: AREA_STAFF },
  { name: 'figures', icon: DataAnalysis, roles: [...AREA_STAFF, 'department'] },
  { name: 'wall', icon: Monitor, roles: ['district_admin', 'subdistrict', 'auditor'] },
]

/** List the pages that the person signed in may find something on. */
export function ownPlaces(): Place[] {
  return PLACES.filter((place) => holds(...place.roles))
}

/** Give the name of the page to begin with. */
export function firstPlace(): string {
  return ownPlaces()[0]?.name ?? 'account'
}
