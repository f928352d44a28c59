// A photo on its way to a case: made small in the browser, named by its hash, sent as it is.
import { problemOf, noAnswer, send, type Schemas } from '@shared/api'

export type Stage = Schemas['PhotoStage']

const LONGEST_EDGE = 1920
const QUALITY = 0.82

/** Give a JPEG of at most 1920 pixels a side; what the browser cannot read goes as it is, and the service judges it. */
async function compress(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file).catch(() => null)
  if (!picture) return file
  const scale = Math.min(1, LONGEST_EDGE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(picture.width * scale)
  canvas.height = Math.round(picture.height * scale)
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  return made ?? file
}

/** Send a photo and give its name. Sending the same again is harmless. Raises `Problem`. */
export async function sendPhoto(caseId: number, file: Blob, stage: Stage): Promise<string> {
  const body = await compress(file)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await body.arrayBuffer()))
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const address = new URL(`/api/v1/cases/${caseId}/photos/${sha256}?stage=${stage}`, location.origin)
  const headers = { 'Content-Type': body.type || 'image/jpeg' }
  const answer = await send(new Request(address, { method: 'PUT', headers, body })).catch(() => {
    throw noAnswer()
  })
  if (!answer.ok) throw await problemOf(answer)
  return sha256
}

/** Where a photo of a case is shown from. */
export function photoAddress(caseId: number, sha256: string): string {
  return `/api/v1/cases/${caseId}/photos/${sha256}`
}
