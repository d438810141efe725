/** What a row of `processes` tells of its process. */
interface Image {
  pid: number
  /** 0: the first of its process. */
  execCount: number
  isSampled: boolean
  /** Not of the tree: it counts in its categories and in `outside` only. */
  isOutside: boolean
  /** Another image of the same process follows. */
  isFollowed: boolean
  major: string
  minor: string
}

interface Counted {
  isSampled: boolean
  categories: string[]
}

/** Counts processes where rows are images: a process is one in all, and one in each category that an image of it is in. */
export class ProcessCounts {
  images = 0
  processes = 0
  sampled = 0
  outside = 0
  readonly #inCategory = new Map<string, number>()
  /** By pid. An image stands before the one that follows it, and a pid is not used again before the last of them has ended. */
  readonly #followed = new Map<number, Counted>()

  add({ pid, execCount, isSampled, isOutside, isFollowed, major, minor }: Image): void {
    const earlier = execCount === 0 ? undefined : this.#followed.get(pid)
    const process = earlier ?? { isSampled: false, categories: [] }
    if (!isOutside) this.images += 1
    if (earlier === undefined) this[isOutside ? 'outside' : 'processes'] += 1
    if (isSampled && !process.isSampled && !isOutside) this.sampled += 1
    process.isSampled ||= isSampled
    for (const category of [keyOf(major), keyOf(major, minor)]) {
      if (process.categories.includes(category)) continue
      process.categories.push(category)
      this.#inCategory.set(category, (this.#inCategory.get(category) ?? 0) + 1)
    }
    if (isFollowed) this.#followed.set(pid, process)
    else if (earlier !== undefined) this.#followed.delete(pid)
  }

  /** Without `minor`: in the whole major category. */
  in(major: string, minor?: string): number {
    return this.#inCategory.get(keyOf(major, minor)) ?? 0
  }
}

function keyOf(major: string, minor?: string): string {
  return minor === undefined ? major : `${major}\0${minor}`
}
