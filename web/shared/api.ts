// The one way to the service: typed by its OpenAPI description, signed in by cookie, renewed when its token has ended.
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

export interface FieldError {
  pointer: string
  detail: string
}

/** What went wrong, in the reader's language: an answer of the service (RFC 9457), or no answer at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** The last part of the problem's address, such as `too-many-requests`; `offline` when nobody answered. */
    readonly slug: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly requestId = '',
    /** Seconds after which the same request may be sent again. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail || title)
  }

  /** Whether the same request, sent later with the same key, may well succeed. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

let language = 'zh-CN'
let csrfToken: string | null = null
let onSignedOut = () => {}

/** Say in which language the service answers. */
export function speak(tag: string): void {
  language = tag
}

/** Take the word that changes must carry while signed in by cookie (`csrf_token` of the session). */
export function holdCsrfToken(token: string | null): void {
  csrfToken = token
}

/** Say what to do when the session has ended and cannot be renewed. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act
}

let renewing: Promise<boolean> | null = null

/** Renew the session once for all who ask at the same time, in this tab and in others. */
function renew(): Promise<boolean> {
  if (renewing) return renewing
  const asked = Promise.resolve(navigator.locks.request('renew-session', renewAlone)).finally(() => (renewing = null))
  renewing = asked
  return asked
}

async function renewAlone(): Promise<boolean> {
  const seen = await fetch('/api/v1/session', { headers: { 'Accept-Language': language } })
  if (seen.ok) {
    csrfToken = ((await seen.json()) as { csrf_token: string | null }).csrf_token // another tab was quicker
    return csrfToken !== null
  }
  const answer = await fetch('/api/v1/session/refresh', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  })
  if (!answer.ok) return false
  csrfToken = ((await answer.json()) as { csrf_token: string | null }).csrf_token
  return true
}

/** What a new token mends. A wrong password is not among it: sent again it would count as another wrong try. */
const RENEWABLE = new Set(['sign-in-required', 'session-ended', 'csrf-token-needed'])

/** Fetch as the person signed in: a session that has run out is renewed, and the request sent once more. */
export async function send(request: Request): Promise<Response> {
  const again = request.clone()
  const answer = await fetch(marked(request))
  if ((answer.status !== 401 && answer.status !== 403) || csrfToken === null) return answer
  if (!RENEWABLE.has(await slugOf(answer))) return answer
  if (await renew()) return fetch(marked(again))
  csrfToken = null
  onSignedOut()
  return answer
}

function marked(request: Request): Request {
  request.headers.set('Accept-Language', language)
  if (csrfToken !== null && request.method !== 'GET') request.headers.set('X-CSRF-Token', csrfToken)
  return request
}

async function slugOf(answer: Response): Promise<string> {
  return (await problemOf(answer.clone())).slug
}

/** Read an answer that is no success. */
export async function problemOf(answer: Response): Promise<Problem> {
  const wait = Number(answer.headers.get('Retry-After'))
  const body = (await answer.json().catch(() => ({}))) as Partial<{
    type: string
    title: string
    detail: string
    errors: FieldError[]
    request_id: string
  }>
  return new Problem(
    answer.status,
    body.type?.split('#')[1] ?? '',
    body.title ?? bareTitle(answer.status),
    body.detail ?? '',
    body.errors ?? [],
    body.request_id ?? '',
    wait > 0 ? wait : null,
  )
}

/** What a gate before the service answered, which has no words of its own for a person. */
function bareTitle(status: number): string {
  if (language.startsWith('zh')) return status < 500 ? `请求没有成功（${status}）` : `服务暂时不能用（${status}）`
  return status < 500 ? `That did not work (${status})` : `The service cannot be used just now (${status})`
}

/** Make the problem of a request that nobody answered. */
export function noAnswer(): Problem {
  return language.startsWith('zh')
    ? new Problem(0, 'offline', '网络不通', '没有连上服务，填写的内容还在，请稍后重试。')
    : new Problem(0, 'offline', 'No connection', 'The service did not answer. What you typed is still here; try again.')
}

const throwing: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response)
  },
  onError() {
    return noAnswer()
  },
}

const client = createClient<paths>({ baseUrl: window.location.origin, fetch: send })
client.use(throwing)

/** `api.GET('/api/v1/…')`: gives the data, or throws a `Problem`. */
export const api = client

/** Unwrap what `api` gave: a success always has data, unless it is empty. */
export async function data<T>(asked: Promise<{ data?: T }>): Promise<T> {
  return (await asked).data as T
}
