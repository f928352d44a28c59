// Sends a file whose answer is a report: also where nothing of it was taken, the report says why, row by row.
import { noAnswer, problemOf, send } from '@shared/api'

/** Send a file as the whole body. Gives the report, and whether the file was taken; throws a `Problem` otherwise. */
export async function upload<T>(
  path: string,
  query: [name: string, value: string][],
  file: Blob,
  mediaType: string,
): Promise<{ isTaken: boolean; report: T }> {
  const url = new URL(path, location.origin)
  query.forEach(([name, value]) => url.searchParams.append(name, value))
  const body = new Blob([file], { type: mediaType })
  const request = new Request(url, { method: 'POST', headers: { 'Content-Type': mediaType }, body })
  const answer = await send(request).catch(() => {
    throw noAnswer()
  })
  const isReport = answer.headers.get('Content-Type')?.startsWith('application/json')
  if (!answer.ok && !(answer.status === 422 && isReport)) throw await problemOf(answer)
  return { isTaken: answer.ok, report: (await answer.json()) as T }
}
