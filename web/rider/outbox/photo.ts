// From a file of the camera or the gallery to what is sent.
import { shrink } from './shrink'

/** As many photos, and as many bytes of one, as the service takes. */
export const MOST_PHOTOS = 6
const LARGEST_PHOTO = 10 * 1024 * 1024

/** A file that is not taken: no photo that anybody here can read, or too large to be sent as it is. */
export class PhotoNotTaken extends Error {
  constructor(readonly cause: 'unreadable' | 'large') {
    super(cause)
  }
}

export interface Photo {
  sha256: string
  type: string
  bytes: ArrayBuffer
}

/** Make a photo ready: small and without what the camera wrote in it; as it is where this browser cannot decode it. */
export async function readyPhoto(file: Blob): Promise<Photo> {
  const small = await shrinkBeside(file)
  const bytes = await (small ?? file).arrayBuffer()
  const type = small ? 'image/jpeg' : recognise(new Uint8Array(bytes, 0, Math.min(12, bytes.byteLength)))
  if (!type) throw new PhotoNotTaken('unreadable')
  if (bytes.byteLength > LARGEST_PHOTO) throw new PhotoNotTaken('large')
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return { sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''), type, bytes }
}

/** Give the media type that the first bytes show, of those the service takes; phones often name none for HEIC. */
function recognise(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head)
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG')) return 'image/png'
  if (text.startsWith('RIFF') && text.endsWith('WEBP')) return 'image/webp'
  return /^....ftyp(heic|heix|heim|heis|mif1)$/s.test(text) ? 'image/heic' : null
}

let worker: Worker | null = null
let asked = 0
const waiting = new Map<number, (small: Blob | null) => void>()

/** Shrink in a worker where it can draw, else here; null when the photo cannot be decoded. */
function shrinkBeside(photo: Blob): Promise<Blob | null> {
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
