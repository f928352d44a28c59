// Sends files: lists, whose answer is a report, and photos.
import { noAnswer, problemOf, send } from '@shared/api'
import { recognise, sha256Of, shrinkBeside } from '@shared/photo'

/**
 * Send a list as the whole body. Gives the report, which says row by row why where nothing of it was taken, and
 * whether it was taken; throws a `Problem` otherwise.
 */
export async function upload<T>(
  path: string,
  query: [name: string, value: string][],
  file: Blob,
  mediaType: string,
): Promise<{ isTaken: boolean; report: T }> {
  const url = new URL(path, location.origin)
  query.forEach(([name, value]) => url.searchParams.append(name, value))
  const body = new Blob([file], { type: mediaType })
  const answer = await ask(new Request(url, { method: 'POST', headers: { 'Content-Type': mediaType }, body }))
  const isReport = answer.headers.get('Content-Type')?.startsWith('application/json')
  if (!answer.ok && !(answer.status === 422 && isReport)) throw await problemOf(answer)
  return { isTaken: answer.ok, report: (await answer.json()) as T }
}

/**
 * Make a photo small and put it where `pathOf` its SHA-256 says; what this browser cannot decode goes as it is, and the
 * service judges it. Sending the same again is harmless. Gives the name and the answer; throws a `Problem`.
 */
export async function putPhoto(file: Blob, pathOf: (sha256: string) => string) {
  const body = await ((await shrinkBeside(file)) ?? file).arrayBuffer()
  const sha256 = await sha256Of(body)
  const headers = { 'Content-Type': recognise(body) ?? (file.type || 'image/jpeg') }
  const answer = await ask(new Request(new URL(pathOf(sha256), location.origin), { method: 'PUT', headers, body }))
  if (!answer.ok) throw await problemOf(answer)
  return { sha256, answer }
}

function ask(request: Request): Promise<Response> {
  return send(request).catch(() => {
    throw noAnswer()
  })
}
