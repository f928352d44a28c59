// Positions in the datum of the map they are drawn on, or of the app that will navigate to them.
//
// The same formulas as geo/datum.py (published GCJ-02 on the Krasovsky 1940 ellipsoid, and BD-09); a test compares both.
export type Datum = 'wgs84' | 'gcj02' | 'bd09'

/** Degrees, longitude first (RFC 7946). */
export type LonLat = [lon: number, lat: number]

const { PI, sin, cos, sqrt, abs, atan2 } = Math
const A = 6378245
const EE = 0.00669342162296594323
const BD_TURN = (PI * 3000) / 180
const STEPS = 3

function wgs84ToGcj02([lon, lat]: LonLat): LonLat {
  const x = lon - 105
  const y = lat - 35
  const root = sqrt(abs(x))
  const ripple = 20 * sin(6 * PI * x) + 20 * sin(2 * PI * x)
  const waves = (v: number, near: number, far: number, last: number) =>
    ((ripple + 20 * sin(PI * v) + 40 * sin((PI / 3) * v) + near * sin((PI / 12) * v) + far * sin((PI / 30) * v)) *
      last) /
    3
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves(y, 160, 320, 2)
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves(x, 150, 300, 2)
  const radians = lat * (PI / 180)
  const w2 = 1 - EE * sin(radians) ** 2
  const w = sqrt(w2)
  const perNorth = ((A * (1 - EE)) / (w2 * w)) * (PI / 180)
  const perEast = (A / w) * cos(radians) * (PI / 180)
  return [lon + east / perEast, lat + north / perNorth]
}

function gcj02ToBd09([lon, lat]: LonLat): LonLat {
  const radius = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * BD_TURN)
  const angle = atan2(lat, lon) + 0.000003 * cos(lon * BD_TURN)
  return [radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006]
}

function undo(shift: (place: LonLat) => LonLat, place: LonLat, start: LonLat): LonLat {
  let [x, y] = start
  for (let step = 0; step < STEPS; step++) {
    const [backX, backY] = shift([x, y])
    x -= backX - place[0]
    y -= backY - place[1]
  }
  return [x, y]
}

/** Give the degrees in `datum` of a WGS-84 position in China. */
export function fromWgs84(place: LonLat, datum: Datum): LonLat {
  if (datum === 'wgs84') return place
  const gcj = wgs84ToGcj02(place)
  return datum === 'gcj02' ? gcj : gcj02ToBd09(gcj)
}

/** Give the WGS-84 degrees of a position on a map of `datum`. */
export function toWgs84(place: LonLat, datum: Datum): LonLat {
  if (datum === 'wgs84') return place
  const gcj = datum === 'gcj02' ? place : undo(gcj02ToBd09, place, [place[0] - 0.0065, place[1] - 0.006])
  return undo(wgs84ToGcj02, gcj, gcj)
}
