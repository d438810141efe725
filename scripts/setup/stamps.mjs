import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What each step was last run with, in target/setup.json. */
export class Stamps {
  #file
  #digests

  constructor(root) {
    this.#file = join(root, 'target/setup.json')
    this.#digests = read(this.#file)
  }

  recall(step) {
    return this.#digests[step]
  }

  forget(step) {
    delete this.#digests[step]
    this.#save()
  }

  remember(step, digest) {
    this.#digests[step] = digest
    this.#save()
  }

  #save() {
    mkdirSync(dirname(this.#file), { recursive: true })
    const temporary = `${this.#file}.${process.pid}`
    writeFileSync(temporary, `${JSON.stringify(this.#digests, null, 2)}\n`)
    renameSync(temporary, this.#file)
  }
}

/**
 * SHA-256 over names and contents of files and of everything below directories; contents, not times, so that a checkout costs nothing.
 *
 * @param {string} root
 * @param {string[]} paths
 * @param {{ except?: (path: string) => boolean }} [options]
 */
export function digestOf(root, paths, { except = () => false } = {}) {
  const hash = createHash('sha256')
  const add = (path) => {
    if (except(path)) return
    const entries = listing(join(root, path))
    if (entries === null) {
      const content = readFileSync(join(root, path))
      hash.update(`${path}\0${content.length}\0`).update(content)
    } else {
      for (const name of entries) add(`${path}/${name}`)
    }
  }
  for (const path of paths) add(path)
  return hash.digest('hex')
}

function listing(path) {
  try {
    return readdirSync(path).sort()
  } catch (error) {
    if (error.code === 'ENOTDIR') return null
    throw error
  }
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}
