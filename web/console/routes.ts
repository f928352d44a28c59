// Every page of the console; each is loaded when it is first opened.
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { isStaff, readSession, session } from '@shared/session'
import { firstPlace } from './frame/menu'

/** `isBare`: without the frame of menu and head. `isOpen`: without signing in. */
declare module 'vue-router' {
  interface RouteMeta {
    isBare?: boolean
    isOpen?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: { render: () => null } }, // leads on to the first page of one's role, below
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('./pages/signin/SignInPage.vue'),
    meta: { isBare: true, isOpen: true },
  },
  {
    path: '/set-up',
    name: 'set-up',
    component: () => import('./pages/setup/SetUpPage.vue'),
    meta: { isBare: true, isOpen: true },
  },
  { path: '/queue', name: 'queue', component: () => import('./pages/queue/QueuePage.vue') },
  { path: '/cases/:id(\\d+)', name: 'case', component: () => import('./pages/case/CasePage.vue') },
  {
    path: '/cases/:id(\\d+)/print',
    name: 'case-print',
    component: () => import('./pages/case/CasePrintPage.vue'),
    meta: { isBare: true },
  },
  { path: '/follow-ups', name: 'follow-ups', component: () => import('./pages/followups/FollowUpsPage.vue') },
  { path: '/areas', name: 'areas', component: () => import('./pages/areas/AreasPage.vue') },
  { path: '/stations', name: 'stations', component: () => import('./pages/stations/StationsPage.vue') },
  {
    path: '/stations/:id(\\d+)/poster',
    name: 'station-poster',
    component: () => import('./pages/stations/PosterPage.vue'),
    meta: { isBare: true },
  },
  { path: '/people/:tab?', name: 'people', component: () => import('./pages/people/PeoplePage.vue') },
  { path: '/figures', name: 'figures', component: () => import('./pages/figures/FiguresPage.vue') },
  { path: '/wall', name: 'wall', component: () => import('./pages/wall/WallPage.vue'), meta: { isBare: true } },
  { path: '/account', name: 'account', component: () => import('./pages/account/AccountPage.vue') },
  { path: '/:rest(.*)*', redirect: '/' },
]

export const router = createRouter({ history: createWebHistory('/console/'), routes })

let isRead = false

router.beforeEach(async (to) => {
  if (!isRead) {
    await readSession().catch(() => {}) // without a network the page says so itself
    isRead = true
  }
  if (!to.meta.isOpen && !isStaff.value) return { name: 'sign-in', query: { next: to.fullPath } }
  if (session.value?.owes.length && to.name !== 'account' && !to.meta.isOpen) return { name: 'account' }
  if (to.name === 'home') return { name: firstPlace() }
  return true
})
