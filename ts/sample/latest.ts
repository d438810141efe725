/** A channel from a producer that must not wait to one consumer that may be slow: of values that were not taken yet only the newest is kept. */
export class Latest<T> implements AsyncIterableIterator<T, undefined> {
  #newest: { value: T } | undefined
  #end: { error: unknown } | 'done' | undefined
  #wake: (() => void) | undefined

  push(value: T): void {
    this.#newest = { value }
    this.#wake?.()
  }

  finish(): void {
    this.#end ??= 'done'
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#newest === undefined && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const newest = this.#newest
    this.#newest = undefined
    if (newest !== undefined) return { done: false, value: newest.value }
    if (this.#end !== undefined && this.#end !== 'done') {
      const { error } = this.#end
      this.#end = 'done'
      throw error
    }
    return { done: true, value: undefined }
  }

  /** A consumer that leaves its loop early only stops listening. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
