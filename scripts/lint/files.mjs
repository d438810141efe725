import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const GENERATED = ['ts/native']
const SKIPPED = new Set(['node_modules', 'target', 'dist', 'build', 'logs', '.git'])

/** Paths below `directory`, relative to `root`, without what is generated or ignored; [] where the directory does not exist. */
export function sources(root, directory, extensions) {
  const start = join(root, directory)
  if (!existsSync(start)) return []
  const found = []
  for (const entry of readdirSync(start, { withFileTypes: true })) {
    const path = relative(root, join(start, entry.name))
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name) && !GENERATED.includes(path)) found.push(...sources(root, path, extensions))
    } else if (extensions.some((extension) => entry.name.endsWith(extension))) found.push(path)
  }
  return found.sort()
}

/** The file without comments, so that prose about code is not taken for code. */
export function code(root, path) {
  return readFileSync(join(root, path), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(?<!:)\/\/.*$/gm, '')
}

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.(spec|config|d))?\.(ts|mjs)$/
const SNAKE = /^[a-z0-9]+(_[a-z0-9]+)*\.rs$/
const LONGEST = 400

/** Names and lengths. Unit tests at the end of a Rust file are not counted. */
export function lintFiles(root) {
  const problems = []
  const scripts = ['ts', '__test__', 'scripts', 'bench'].flatMap((directory) => sources(root, directory, ['.ts', '.mjs']))
  for (const path of [...scripts, ...sources(root, 'crates', ['.rs'])]) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const rust = path.endsWith('.rs')
    if (!(rust ? SNAKE : KEBAB).test(name)) problems.push(`${path}: the name is not in ${rust ? 'snake_case' : 'kebab-case'}`)
    const lines =
      readFileSync(join(root, path), 'utf8')
        .split(/^#\[cfg\(test\)\]$/m, 1)[0]
        .split('\n').length - 1
    if (lines > LONGEST) problems.push(`${path}: ${lines} lines, at most ${LONGEST}: split it by what its parts do`)
  }
  return problems
}
