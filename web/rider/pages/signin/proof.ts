// The proof of work that the service asks for before it sends many codes: a second or a few of computing.
export interface Challenge {
  challenge: string
  /** Zero bits wanted; at most 32. */
  bits: number
}

/** What the worker tells after each batch. */
export interface Found {
  proof: string | null
  tried: number
}

/** Find the proof of a challenge; `onProgress` hears how likely it was to be found by now, 0…1. */
export function prove(challenge: Challenge, onProgress: (share: number) => void): Promise<string> {
  const worker = new Worker(new URL('./proof.worker.ts', import.meta.url), { type: 'module' })
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data: { proof, tried } }: MessageEvent<Found>) => {
      onProgress(1 - Math.exp(-tried / 2 ** challenge.bits))
      if (proof) resolve(proof)
    }
    worker.onerror = reject
    worker.postMessage(challenge)
  }).finally(() => worker.terminate())
}
