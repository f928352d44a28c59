// Every page of the rider's app; each is loaded when it is first opened, the first one with the app itself.
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { isRider, readSession } from '@shared/session'
import { reloadInstead } from './frame/updates'
import NearbyPage from './pages/nearby/NearbyPage.vue'

/**
 * `needsRider`: signing in comes first, and leads back. `isTab`: the bar at the bottom stays. `isForm`: something is
 * being written there, so a new version of the app waits until the page is left.
 */
declare module 'vue-router' {
  interface RouteMeta {
    needsRider?: boolean
    isTab?: boolean
    isForm?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'nearby', component: NearbyPage, meta: { isTab: true } },
  { path: '/stations/:id(\\d+)', name: 'station', component: () => import('./pages/station/StationPage.vue') },
  { path: '/q/:token', name: 'qr', component: () => import('./pages/station/QrPage.vue') },
  {
    path: '/report',
    name: 'report',
    component: () => import('./pages/report/ReportPage.vue'),
    meta: { isForm: true },
  },
  { path: '/outbox', name: 'outbox', component: () => import('./pages/outbox/OutboxPage.vue') },
  { path: '/me', name: 'me', component: () => import('./pages/mine/MinePage.vue'), meta: { isTab: true } },
  {
    path: '/me/reports',
    name: 'reports',
    component: () => import('./pages/reports/ReportsPage.vue'),
    meta: { needsRider: true },
  },
  {
    path: '/me/reports/:id(\\d+)',
    name: 'report-progress',
    component: () => import('./pages/reports/ReportProgressPage.vue'),
    meta: { needsRider: true },
  },
  {
    path: '/me/tasks',
    name: 'tasks',
    component: () => import('./pages/tasks/TasksPage.vue'),
    meta: { needsRider: true, isForm: true },
  },
  {
    path: '/me/points',
    name: 'points',
    component: () => import('./pages/points/PointsPage.vue'),
    meta: { needsRider: true, isForm: true },
  },
  {
    path: '/me/reporter',
    name: 'reporter',
    component: () => import('./pages/apply/ReporterPage.vue'),
    meta: { needsRider: true, isForm: true },
  },
  {
    path: '/me/profile',
    name: 'profile',
    component: () => import('./pages/profile/ProfilePage.vue'),
    meta: { needsRider: true, isForm: true },
  },
  {
    path: '/appeals',
    name: 'new-appeal',
    component: () => import('./pages/appeals/NewAppealPage.vue'),
    meta: { isForm: true },
  },
  {
    path: '/appeals/:token',
    name: 'appeal',
    component: () => import('./pages/appeals/AppealPage.vue'),
    meta: { isForm: true },
  },
  {
    path: '/follow-ups/:token',
    name: 'follow-up',
    component: () => import('./pages/followup/FollowUpPage.vue'),
    meta: { isForm: true },
  },
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('./pages/signin/SignInPage.vue'),
    meta: { isForm: true },
  },
  { path: '/:rest(.*)*', redirect: '/' },
]

export const router = createRouter({
  history: createWebHistory('/rider/'),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

/** A bad network must not keep a page shut: after so long it opens, and says itself what it could not read. */
const PATIENCE_MS = 3000
let reading: Promise<boolean> | null = null

/** Ask who is signed in, until it was answered once; false while nobody answers. */
export function knowRider(): Promise<boolean> {
  reading ??= readSession().then(
    () => true,
    () => {
      reading = null
      return false
    },
  )
  return reading
}

router.beforeEach(async (to, from) => {
  if (reloadInstead(from, router.resolve(to).href)) return false
  if (!to.meta.needsRider || isRider.value) return true
  const isKnown = await Promise.race([knowRider(), new Promise<false>((gone) => setTimeout(gone, PATIENCE_MS, false))])
  return !isKnown || isRider.value || { name: 'sign-in', query: { next: to.fullPath } }
})
