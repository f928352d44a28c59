// Every page of the rider's app; each is loaded when it is first opened.
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'

/** `needsRider`: signing in comes first, and leads back. `isTab`: the bar at the bottom stays. */
declare module 'vue-router' {
  interface RouteMeta {
    needsRider?: boolean
    isTab?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'nearby', component: () => import('./pages/nearby/NearbyPage.vue'), meta: { isTab: true } },
  { path: '/stations/:id(\\d+)', name: 'station', component: () => import('./pages/station/StationPage.vue') },
  { path: '/report', name: 'report', component: () => import('./pages/report/ReportPage.vue') },
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
    meta: { needsRider: true },
  },
  {
    path: '/me/points',
    name: 'points',
    component: () => import('./pages/points/PointsPage.vue'),
    meta: { needsRider: true },
  },
  {
    path: '/me/reporter',
    name: 'reporter',
    component: () => import('./pages/apply/ReporterPage.vue'),
    meta: { needsRider: true },
  },
  {
    path: '/me/profile',
    name: 'profile',
    component: () => import('./pages/profile/ProfilePage.vue'),
    meta: { needsRider: true },
  },
  { path: '/appeals', name: 'new-appeal', component: () => import('./pages/appeals/NewAppealPage.vue') },
  { path: '/appeals/:token', name: 'appeal', component: () => import('./pages/appeals/AppealPage.vue') },
  { path: '/follow-ups/:token', name: 'follow-up', component: () => import('./pages/followup/FollowUpPage.vue') },
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/signin/SignInPage.vue') },
  { path: '/:rest(.*)*', redirect: '/' },
]

export const router = createRouter({
  history: createWebHistory('/rider/'),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})
