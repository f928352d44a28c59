// Photos of a case: how they get there, and where they are shown from.
import type { Schemas } from '@shared/api'
import { putPhoto } from '../../shared/upload'

export type Stage = Schemas['PhotoStage']

/** Send a photo and give its name. Raises `Problem`. */
export async function sendPhoto(caseId: number, file: Blob, stage: Stage): Promise<string> {
  const { sha256 } = await putPhoto(file, (name) => `${photoAddress(caseId, name)}?stage=${stage}`)
  return sha256
}

/** Where a photo of a case is kept and shown from. */
export function photoAddress(caseId: number, sha256: string): string {
  return `/api/v1/cases/${caseId}/photos/${sha256}`
}
