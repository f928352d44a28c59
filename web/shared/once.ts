// What changes so seldom that a page asks for it once.

/** Give what asks the first time, and again only after a failure. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null
  return () =>
    (asked ??= ask().catch((problem: unknown) => {
      asked = null
      throw problem
    }))
}
