/** Distinct names that are kept; a build with more pays the look-up again. */
const CAPACITY = 8192

/** The same function, asked once a name: builds run few programs many times. */
export function byName<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    let found = known.get(name)
    if (found === undefined && !known.has(name)) {
      found = find(name)
      if (known.size >= CAPACITY) known.clear()
      known.set(name, found)
    }
    return found as T
  }
}
