// A map for both pages: MapLibre on the base map that the operator set, or on a plain ground, with our own layers over it.
//
// Everything given and told is WGS-84; what is drawn is shifted to the datum of the base map.
import {
  addProtocol,
  Map as LibreMap,
  Marker,
  NavigationControl,
  setWorkerUrl,
  type GeoJSONSource,
  type StyleSpecification,
} from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import './map.css'
import { Protocol } from 'pmtiles'
import type { Feature, FeatureCollection, Geometry, Position } from 'geojson'
import type { Schemas } from './api'
import { fromWgs84, toWgs84, type Datum, type LonLat } from './datum'
import { currentLanguage } from './words'

setWorkerUrl(workerUrl)
addProtocol('pmtiles', new Protocol().tile)

/** The base map of this installation; `none` is a plain ground. */
export type BaseMap = Schemas['BaseMap']

/** A station, case or candidate on the map; `tone` chooses its colour. */
export interface Spot {
  id: number | string
  lon: number
  lat: number
  label: string
  tone: Tone
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain' | 'chosen'

const TONES: Record<Tone, string> = {
  good: '#0a7a5c',
  warn: '#b45309',
  bad: '#b42318',
  plain: '#5b6b7b',
  chosen: '#1d4ed8',
}
const GROUNDS = {
  light: { ground: '#eef1ee', line: '#7c8b86', name: '#3d4a45', area: '#0a7a5c' },
  dark: { ground: '#14191b', line: '#8fa09a', name: '#c6d1cc', area: '#4fd1a5' },
}
/** What the map's own buttons are called. */
const CHINESE = {
  'NavigationControl.ZoomIn': '放大',
  'NavigationControl.ZoomOut': '缩小',
  'AttributionControl.ToggleAttribution': '地图来源',
  'Map.Title': '地图',
  'Marker.Title': '位置标记',
}
const CHINA: LonLat = [104, 36]
const FONT = '"PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif'

export interface OpenMap {
  /** Draw these spots in place of those before. */
  setSpots(spots: Spot[]): void
  /** Draw these areas (WGS-84 GeoJSON, `name` among the properties) in place of those before. */
  setAreas(areas: FeatureCollection): void
  /** Put the pin here, with a ring of so many metres around it; null takes it away. */
  setPin(place: LonLat | null, ringMetres?: number): void
  /** Look at this place. */
  goTo(place: LonLat, zoom?: number): void
  /** Look at all of these places. */
  fit(places: LonLat[]): void
  close(): void
}

interface MapOptions {
  base: BaseMap
  /** Without it the map shows the country, until something is brought into the picture. */
  centre?: LonLat
  zoom?: number
  onTap?: (place: LonLat) => void
  onSpot?: (id: Spot['id']) => void
  onPin?: (place: LonLat) => void
}

const NO_MAP: OpenMap = {
  setSpots() {},
  setAreas() {},
  setPin() {},
  goTo() {},
  fit() {},
  close() {},
}

/**
 * Open a map in `holder`. `onTap` tells where it was tapped, `onSpot` which spot, `onPin` where the pin was dragged.
 * Where the browser cannot draw one (no WebGL, as on old office machines), words stand there and all else goes on.
 */
export function openMap(holder: HTMLElement, options: MapOptions): OpenMap {
  try {
    return drawMap(holder, options)
  } catch {
    holder.classList.add('no-map')
    holder.textContent =
      currentLanguage() === 'en'
        ? 'This browser cannot draw maps (WebGL is off). All else works.'
        : '这个浏览器不能画地图（WebGL 未开启），其余功能照常可用。'
    return NO_MAP
  }
}

function drawMap(holder: HTMLElement, options: MapOptions): OpenMap {
  const { datum } = options.base
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  const map = new LibreMap({
    container: holder,
    style: styleOf(options.base, isDark),
    center: fromWgs84(options.centre ?? CHINA, datum),
    zoom: options.centre ? (options.zoom ?? 14) : 3,
    attributionControl: { compact: true },
    localIdeographFontFamily: FONT,
    locale: currentLanguage() === 'en' ? {} : CHINESE,
    dragRotate: false,
    pitchWithRotate: false,
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new NavigationControl({ showCompass: false }), 'bottom-right')
  const loaded = new Promise<void>((resolve) => map.once('load', () => resolve()))
  const put = (source: string, value: FeatureCollection) =>
    void loaded.then(() => map.getSource<GeoJSONSource>(source)?.setData(shifted(value, datum)))

  let pin: Marker | null = null
  map.on('click', (event) => {
    const [spot] = map.queryRenderedFeatures(event.point, { layers: ['spots', 'labels'] })
    if (spot && options.onSpot) options.onSpot((spot.properties as Spot).id)
    else options.onTap?.(toWgs84([event.lngLat.lng, event.lngLat.lat], datum))
  })
  map.on('mouseenter', 'spots', () => (map.getCanvas().style.cursor = 'pointer'))
  map.on('mouseleave', 'spots', () => (map.getCanvas().style.cursor = ''))

  return {
    setSpots: (spots) =>
      put(
        'spots',
        collect(spots.map((spot) => featureOf({ type: 'Point', coordinates: [spot.lon, spot.lat] }, { ...spot }))),
      ),
    setAreas: (areas) => put('areas', areas),
    setPin(place, ringMetres = 0) {
      put('ring', collect(place && ringMetres ? [featureOf(ringAround(place, ringMetres), {})] : []))
      if (!place) {
        pin?.remove()
        pin = null
        return
      }
      if (!pin) {
        pin = new Marker({ draggable: Boolean(options.onPin), color: TONES.chosen }).setLngLat([0, 0]).addTo(map)
        pin.on('dragend', () => {
          const at = pin!.getLngLat()
          options.onPin?.(toWgs84([at.lng, at.lat], datum))
        })
      }
      pin.setLngLat(fromWgs84(place, datum))
    },
    goTo: (place, zoom) =>
      void map.easeTo({ center: fromWgs84(place, datum), ...(zoom ? { zoom } : {}), duration: 300 }),
    fit(places) {
      if (!places.length) return
      const shown = places.map((place) => fromWgs84(place, datum))
      const [lons, lats] = [shown.map(([lon]) => lon), shown.map(([, lat]) => lat)]
      map.fitBounds([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], {
        padding: 48,
        maxZoom: 16,
        duration: 0,
      })
    },
    close: () => map.remove(),
  }
}

function styleOf(base: BaseMap, isDark: boolean): StyleSpecification {
  const { ground, line, name, area } = GROUNDS[isDark ? 'dark' : 'light']
  const empty = { type: 'geojson' as const, data: collect([]) }
  const style: StyleSpecification = {
    version: 8,
    sources: { areas: empty, ring: empty, spots: empty },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': ground } },
      {
        id: 'area-fill',
        type: 'fill',
        source: 'areas',
        paint: {
          'fill-color': ['coalesce', ['get', 'colour'], area],
          'fill-opacity': ['coalesce', ['get', 'opacity'], 0.06],
        },
      },
      { id: 'area-line', type: 'line', source: 'areas', paint: { 'line-color': line, 'line-width': 1 } },
      {
        id: 'area-name',
        type: 'symbol',
        source: 'areas',
        layout: { 'text-field': ['get', 'name'], 'text-size': 12 },
        paint: { 'text-color': name, 'text-halo-color': ground, 'text-halo-width': 1.5 },
      },
      { id: 'ring-fill', type: 'fill', source: 'ring', paint: { 'fill-color': TONES.chosen, 'fill-opacity': 0.14 } },
      { id: 'ring-line', type: 'line', source: 'ring', paint: { 'line-color': TONES.chosen, 'line-width': 1.5 } },
      {
        id: 'spots',
        type: 'circle',
        source: 'spots',
        paint: {
          'circle-radius': ['match', ['get', 'tone'], 'chosen', 11, 8],
          'circle-color': ['match', ['get', 'tone'], ...Object.entries(TONES).flat(), TONES.plain] as never,
          'circle-stroke-color': '#fff',
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'labels',
        type: 'symbol',
        source: 'spots',
        layout: {
          'text-field': ['get', 'label'],
          'text-size': 13,
          'text-offset': [0, 1.1],
          'text-anchor': 'top',
          'text-optional': true,
        },
        paint: { 'text-color': isDark ? '#e8eeeb' : '#1c2a25', 'text-halo-color': ground, 'text-halo-width': 1.5 },
      },
    ],
  }
  const tiles = { type: 'raster' as const, tileSize: 256, attribution: base.attribution }
  base.urls.forEach((url, place) => {
    const id = `base-${place}`
    style.sources[id] =
      base.kind === 'pmtiles'
        ? { ...tiles, url: `pmtiles://${new URL(url, location.origin)}` }
        : { ...tiles, tiles: [url], maxzoom: 18 }
    style.layers.splice(1 + place, 0, { id, type: 'raster', source: id })
  })
  return style
}

function collect(features: Feature[]): FeatureCollection {
  return { type: 'FeatureCollection', features }
}

function featureOf(geometry: Geometry, properties: Record<string, unknown>): Feature {
  return { type: 'Feature', geometry, properties }
}

function shifted(value: FeatureCollection, datum: Datum): FeatureCollection {
  if (datum === 'wgs84') return value
  const shift = (coordinates: unknown): unknown =>
    typeof (coordinates as Position)[0] === 'number'
      ? fromWgs84(coordinates as LonLat, datum)
      : (coordinates as unknown[]).map(shift)
  return collect(
    value.features.map((feature) => {
      const geometry = feature.geometry as Exclude<Geometry, { type: 'GeometryCollection' }>
      return { ...feature, geometry: { ...geometry, coordinates: shift(geometry.coordinates) } as Geometry }
    }),
  )
}

/** Draw a ring as a polygon; a degree of latitude is taken as 111,195 m, good enough for what a phone measures. */
function ringAround([lon, lat]: LonLat, metres: number): Geometry {
  const north = metres / 111195
  const east = north / Math.cos((lat * Math.PI) / 180)
  const corners = Array.from({ length: 49 }, (_, step): Position => {
    const angle = (step * Math.PI) / 24
    return [lon + east * Math.cos(angle), lat + north * Math.sin(angle)]
  })
  return { type: 'Polygon', coordinates: [corners] }
}
