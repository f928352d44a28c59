// Where the phone is, asked once and not followed.
import type { Place } from '../../outbox/item'

/** Why there is no position: not allowed, or none to be had. */
export class NoPosition extends Error {
  constructor(readonly cause: 'refused' | 'noFix') {
    super(cause)
  }
}

const PATIENCE_MS = 15_000

/** Ask the phone where it is: WGS-84, the radius in whole metres. Throws `NoPosition`. */
export function askPosition(): Promise<Place> {
  return new Promise((resolve, reject) => {
    if (!('geolocation' in navigator)) return reject(new NoPosition('noFix'))
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const { longitude: lon, latitude: lat } = coords
        resolve({ lon, lat, accuracy: Math.ceil(coords.accuracy), area: [] })
      },
      (error) => reject(new NoPosition(error.code === error.PERMISSION_DENIED ? 'refused' : 'noFix')),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 5_000 },
    )
  })
}
