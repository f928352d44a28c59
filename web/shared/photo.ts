// A photo before it is sent: made small beside the page, and named by what is in it.
import { shrink } from './shrink'

let worker: Worker | null = null
let asked = 0
const waiting = new Map<number, (small: Blob | null) => void>()

/** Shrink in a worker where it can draw, else here; null when this browser cannot decode the photo. */
export function shrinkBeside(photo: Blob): Promise<Blob | null> {
  if (typeof OffscreenCanvas === 'undefined') return shrink(photo).catch(() => null)
  worker ??= startWorker()
  const id = ++asked
  return new Promise((resolve) => {
    waiting.set(id, resolve)
    worker!.postMessage({ id, photo })
  })
}

function startWorker(): Worker {
  const started = new Worker(new URL('./shrink.worker.ts', import.meta.url), { type: 'module' })
  started.onmessage = ({ data }: MessageEvent<{ id: number; small: Blob | null }>) => {
    waiting.get(data.id)?.(data.small)
    waiting.delete(data.id)
  }
  started.onerror = () => {
    // It did not start, or ran out of memory: what it had goes as it is.
    for (const resolve of waiting.values()) resolve(null)
    waiting.clear()
    worker = null
  }
  return started
}

/** Give the SHA-256 of some bytes in hexadecimal: the name under which the service keeps a photo. */
export async function sha256Of(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Give the media type that the first bytes show, of those the service takes; many a system names none for HEIC. */
export function recognise(bytes: ArrayBuffer): string | null {
  const text = String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(12, bytes.byteLength)))
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG')) return 'image/png'
  if (text.startsWith('RIFF') && text.endsWith('WEBP')) return 'image/webp'
  return /^....ftyp(heic|heix|heim|heis|mif1)$/s.test(text) ? 'image/heic' : null
}
