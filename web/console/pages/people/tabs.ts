// The tabs of the page and who may find anything on them; the same roles as in app/routes.py.
import { defineAsyncComponent, type Component } from 'vue'
import { holds, type Role } from '../../shared/roles'
import { reaches } from './reach'

export interface Tab {
  /** In the address, and of its word. */
  name: 'applications' | 'appointments' | 'points' | 'staff' | 'rota' | 'trail' | 'retention'
  component: Component
  isOpen: () => boolean
}

/** Who appoints riders and answers for their points. */
export const REVIEWERS: Role[] = ['district_admin', 'subdistrict', 'secretary']

const seesReporters = () => holds(...REVIEWERS, 'auditor')
const seesDistrict = () => reaches('', 'district_admin', 'auditor')

const TABS: Tab[] = [
  {
    name: 'applications',
    component: defineAsyncComponent(() => import('./reporters/ApplicationsTab.vue')),
    isOpen: seesReporters,
  },
  {
    name: 'appointments',
    component: defineAsyncComponent(() => import('./reporters/AppointmentsTab.vue')),
    isOpen: seesReporters,
  },
  {
    name: 'points',
    component: defineAsyncComponent(() => import('./points/PointsTab.vue')),
    isOpen: seesReporters,
  },
  {
    name: 'staff',
    component: defineAsyncComponent(() => import('./staff/StaffTab.vue')),
    isOpen: () => holds('district_admin', 'subdistrict', 'auditor'),
  },
  {
    name: 'rota',
    component: defineAsyncComponent(() => import('./rota/RotaTab.vue')),
    isOpen: () => holds(...REVIEWERS, 'grid_worker', 'auditor'),
  },
  { name: 'trail', component: defineAsyncComponent(() => import('./trail/TrailTab.vue')), isOpen: seesDistrict },
  {
    name: 'retention',
    component: defineAsyncComponent(() => import('./trail/RetentionTab.vue')),
    isOpen: seesDistrict,
  },
]

/** List the tabs that the person signed in may find something on. */
export function ownTabs(): Tab[] {
  return TABS.filter((tab) => tab.isOpen())
}
