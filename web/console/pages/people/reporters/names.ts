// Masked names of appointed riders, which stand with their applications.
import { reactive } from 'vue'
import { api, data, type Schemas } from '@shared/api'

/** Rider's id → his masked name, of those met so far. */
export const maskedNames = reactive(new Map<number, string>())
const met = new Set<number>()

/** Learn the names of these riders; whose application lies out of sight stays without. */
export async function learnNames(appointments: Schemas['Appointment'][]): Promise<void> {
  const missing = appointments.filter(({ rider_id: id }) => !met.has(id))
  if (!missing.length) return
  missing.forEach(({ rider_id: id }) => met.add(id))
  const ids = missing.map(({ application_id: id }) => id)
  const oldest = Math.min(...ids)
  let cursor: number | null = Math.max(...ids) + 1
  while (cursor !== null && cursor > oldest) {
    const query = { status: 'approved' as const, cursor, limit: 200 }
    const page: Schemas['ApplicationPage'] = await data(api.GET('/api/v1/applications', { params: { query } }))
    for (const each of page.applications) if (each.rider_name) maskedNames.set(each.rider_id, each.rider_name)
    cursor = page.next_cursor
  }
}
