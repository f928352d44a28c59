// Finds the proof of work away from the page, so that the page stays quick: a number n for which the SHA-256 of
// `challenge.n` begins with so many zero bits.
import type { Challenge, Found } from './proof'

/** Hashes are asked for so many at a time: each alone would wait for the browser more than it computes. */
const BATCH = 512

self.onmessage = async ({ data: { challenge, bits } }: MessageEvent<Challenge>) => {
  const words = new TextEncoder()
  for (let first = 0; ; first += BATCH) {
    const proofs = Array.from({ length: BATCH }, (_, place) => `${challenge}.${first + place}`)
    const hashes = await Promise.all(proofs.map((proof) => crypto.subtle.digest('SHA-256', words.encode(proof))))
    const place = hashes.findIndex((hash) => new DataView(hash).getUint32(0) >>> (32 - bits) === 0)
    tell({ proof: proofs[place] ?? null, tried: first + BATCH })
    if (place >= 0) return
  }
}

function tell(found: Found): void {
  self.postMessage(found)
}
