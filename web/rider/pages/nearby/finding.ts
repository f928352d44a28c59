// Finding stations: around where, which ones, and what the service answered. Without an answer there is the last one,
// marked as old.
import { computed, ref, shallowRef } from 'vue'
import { api, data, Problem, type Schemas } from '@shared/api'
import { districtCard } from '../../frame/card'
import { recall, remember } from '../../frame/memory'

export type Station = Schemas['NearbyStation']

/** Around where is searched (WGS-84), and how that is known. `last`: where the rider was when he last asked. */
export interface Where {
  kind: 'here' | 'last' | 'map' | 'place' | 'middle'
  lon: number
  lat: number
  label?: string
  accuracy?: number
}

interface Answered {
  where: Where
  asOf: string
  stations: Station[]
}

/** As far as stations are looked for: the list is by distance, and at night the next open door may be far. */
const RADIUS_M = 50_000
const MOST = 20
/** So long a list waits for a position before it shows what is around the middle of the district. */
const POSITION_PATIENCE_MS = 1500
/** An answer so old is asked for anew when the rider comes back to it. */
const GOOD_FOR_MS = 60_000

export function useFinding() {
  const where = shallowRef<Where | null>(null)
  const onlyOpen = ref(true)
  const wanted = ref<string[]>([])
  const answered = shallowRef<Answered | null>(null)
  const isOld = ref(false)
  const isAsking = ref(false)
  const isLocating = ref(false)
  const lost = ref<'denied' | 'unlocated' | null>(null)
  const problem = shallowRef<Problem | null>(null)
  let ticket = 0

  /** What shows: an old answer was to another question, so it is narrowed here. */
  const stations = computed(() => {
    const all = answered.value?.stations ?? []
    if (!isOld.value) return all
    return all.filter(
      (station) =>
        (!onlyOpen.value || station.open.state === 'open') &&
        wanted.value.every((code) => station.amenities.some((one) => one.code === code && one.state === 'working')),
    )
  })

  async function ask(): Promise<void> {
    const around = where.value
    if (!around) return
    const mine = ++ticket
    isAsking.value = true
    problem.value = null
    try {
      const answer = await data(
        api.GET('/api/v1/stations/nearby', {
          params: {
            query: {
              lon: around.lon,
              lat: around.lat,
              open_now: onlyOpen.value,
              amenity: wanted.value,
              radius_m: RADIUS_M,
              limit: MOST,
            },
          },
        }),
      )
      if (mine !== ticket) return
      answered.value = { where: around, asOf: answer.as_of, stations: answer.stations }
      isOld.value = false
      void remember('nearby', answered.value)
    } catch (caught) {
      if (mine !== ticket) return
      if (!(caught instanceof Problem)) throw caught
      problem.value = caught
      isOld.value = answered.value !== null
    } finally {
      if (mine === ticket) isAsking.value = false
    }
  }

  async function goTo(place: Where): Promise<void> {
    where.value = place
    await ask()
  }

  /** Ask the phone where it is; the browser asks the rider, who tapped for it. */
  async function locate(): Promise<void> {
    if (isLocating.value) return
    isLocating.value = true
    lost.value = null
    try {
      const { coords } = await position()
      await goTo({ kind: 'here', lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy })
    } catch (error) {
      lost.value = (error as GeolocationPositionError).code === 1 ? 'denied' : 'unlocated'
    } finally {
      isLocating.value = false
    }
  }

  /** Begin: with the last answer at once, then around where the rider is, was, or the middle of the district. */
  async function begin(): Promise<void> {
    const kept = await recall<Answered>('nearby')
    if (kept) {
      answered.value = kept.answer
      isOld.value = true
      const { kind } = kept.answer.where
      where.value = kind === 'here' ? { ...kept.answer.where, kind: 'last' } : kept.answer.where
    }
    const located = (await isAllowed()) ? locate() : Promise.resolve()
    if (!kept) await Promise.race([located, new Promise((late) => setTimeout(late, POSITION_PATIENCE_MS))])
    if (where.value?.kind === 'here') return
    try {
      const { middle } = where.value ? { middle: null } : await districtCard()
      if (!where.value && middle) where.value = { kind: 'middle', ...middle }
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught
      problem.value = caught
    }
    await ask()
  }

  /** Ask again where the answer is no longer of now. */
  async function freshen(): Promise<void> {
    const age = answered.value ? Date.now() - Date.parse(answered.value.asOf) : Infinity
    if (!isAsking.value && age > GOOD_FOR_MS) await (where.value ? ask() : begin())
  }

  return {
    where,
    onlyOpen,
    wanted,
    answered,
    stations,
    isOld,
    isAsking,
    isLocating,
    lost,
    problem,
    ask,
    goTo,
    locate,
    begin,
    freshen,
  }
}

async function isAllowed(): Promise<boolean> {
  const state = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null)
  return state?.state === 'granted'
}

function position(): Promise<GeolocationPosition> {
  return new Promise((found, failed) =>
    navigator.geolocation.getCurrentPosition(found, failed, {
      enableHighAccuracy: true,
      timeout: 10_000,
      maximumAge: 30_000,
    }),
  )
}
