// Shrinks photos beside the page, so that it keeps answering the thumb meanwhile.
import { shrink } from './shrink'

declare const self: DedicatedWorkerGlobalScope

self.onmessage = async ({ data }: MessageEvent<{ id: number; photo: Blob }>) => {
  const small = await shrink(data.photo).catch(() => null)
  self.postMessage({ id: data.id, small })
}
