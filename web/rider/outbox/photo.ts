// From a file of the camera or the gallery to what is sent.
import { recognise, sha256Of, shrinkBeside } from '@shared/photo'

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
  const type = small ? 'image/jpeg' : recognise(bytes)
  if (!type) throw new PhotoNotTaken('unreadable')
  if (bytes.byteLength > LARGEST_PHOTO) throw new PhotoNotTaken('large')
  return { sha256: await sha256Of(bytes), type, bytes }
}
