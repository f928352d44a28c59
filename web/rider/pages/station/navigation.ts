// Links that open a map app with the way to a station, each in the datum that the app takes.
import { fromWgs84, type Datum, type LonLat } from '@shared/datum'

export type MapApp = 'amap' | 'baidu' | 'tencent' | 'apple'

interface Target {
  name: string
  /** WGS-84. */
  place: LonLat
}

const DATUM: Record<MapApp, Datum> = { amap: 'gcj02', baidu: 'bd09', tencent: 'gcj02', apple: 'gcj02' }
const SOURCE = 'rider-station'

/** Give the link of each app. */
export function linksTo(target: Target): { app: MapApp; href: string }[] {
  return (Object.keys(DATUM) as MapApp[]).map((app) => ({ app, href: linkTo(app, target) }))
}

function linkTo(app: MapApp, { name, place }: Target): string {
  const [lon, lat] = fromWgs84(place, DATUM[app]).map((degrees) => degrees.toFixed(6)) as [string, string]
  switch (app) {
    case 'amap': // longitude first
      return address('https://uri.amap.com/navigation', {
        to: `${lon},${lat},${name.replaceAll(',', ' ')}`,
        mode: 'ride',
        coordinate: 'gaode',
        callnative: '1',
        src: SOURCE,
      })
    case 'baidu':
      return address('https://api.map.baidu.com/marker', {
        location: `${lat},${lon}`,
        title: name,
        content: name,
        coord_type: 'bd09ll',
        output: 'html',
        src: SOURCE,
      })
    case 'tencent':
      return address('https://apis.map.qq.com/uri/v1/routeplan', {
        type: 'walk',
        to: name,
        tocoord: `${lat},${lon}`,
        referer: SOURCE,
      })
    case 'apple':
      return address('https://maps.apple.com/', { daddr: `${lat},${lon}`, q: name, dirflg: 'w' })
  }
}

function address(page: string, query: Record<string, string>): string {
  return `${page}?${new URLSearchParams(query)}`
}
