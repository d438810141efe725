import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sources } from './files.mjs'

/** What each crate may depend on: our own crates, and whether it may hold unsafe code. */
const CRATES = {
  wire: { crates: [], unsafe: false },
  recording: { crates: ['wire'], unsafe: false },
  analysis: { crates: ['recording'], unsafe: false },
  convert: { crates: ['recording', 'wire'], unsafe: false },
  // kcmp has no safe wrapper.
  proc: { crates: [], unsafe: true },
  // seccomp has no safe wrapper.
  exits: { crates: ['proc', 'wire'], unsafe: true },
  sampler: { crates: ['exits', 'proc', 'recording', 'wire'], unsafe: true },
  launcher: { crates: ['exits', 'proc', 'wire'], unsafe: true },
  // What the napi macros expand to is unsafe code.
  binding: { crates: ['analysis', 'convert', 'recording', 'sampler'], unsafe: true },
  wasm: { crates: ['analysis', 'recording'], unsafe: true },
  burner: { crates: [], unsafe: true },
}
/** Libraries that a crate, or a few, hide from the others. */
const HIDDEN = {
  napi: ['binding'],
  'napi-derive': ['binding'],
  procfs: ['proc'],
  parquet: ['recording', 'convert'],
  'arrow-array': [],
  'arrow-schema': [],
}

export function lintRustCrates(root) {
  return readdirSync(join(root, 'crates')).flatMap((name) => lintCrate(root, name))
}

function lintCrate(root, name) {
  const manifest = `crates/${name}/Cargo.toml`
  const rule = CRATES[name]
  if (rule === undefined) return [`crates/${name}: the crate has no row in scripts/lint/rust-crates.mjs`]
  const problems = []
  for (const dependency of dependencies(readFileSync(join(root, manifest), 'utf8'))) {
    const own = /^mymonitor-(.+)$/.exec(dependency)?.[1]
    if (own !== undefined && !rule.crates.includes(own)) problems.push(`${manifest}: ${name} cannot depend on ${own}`)
    const owners = HIDDEN[dependency]
    if (owners !== undefined && !owners.includes(name))
      problems.push(`${manifest}: '${dependency}' is used in ${owners.map((owner) => `crates/${owner}`).join(' and ') || 'no crate'} only`)
    if (name === 'wire') problems.push(`${manifest}: wire has no dependencies, found '${dependency}'`)
  }
  const library = join(root, 'crates', name, 'src/lib.rs')
  if (!rule.unsafe && !(existsSync(library) && readFileSync(library, 'utf8').includes('#![forbid(unsafe_code)]'))) {
    problems.push(`crates/${name}/src/lib.rs: #![forbid(unsafe_code)] is missing`)
  }
  return [...problems, ...lintReasons(root, name)]
}

/** Names of the normal and build dependencies, of every target; what tests alone use is free. */
function dependencies(manifest) {
  const names = []
  let section = ''
  for (const line of manifest.split('\n')) {
    const header = /^\[+([^\]]+)\]+/.exec(line)?.[1]
    if (header !== undefined) {
      section = header
      const table = /(?:^|\.)(?:build-)?dependencies\.([\w-]+)$/.exec(header)?.[1]
      if (table !== undefined) names.push(table)
    } else if (/(?:^|\.)(?:build-)?dependencies$/.test(section)) {
      const name = /^([\w-]+)\s*[.=]/.exec(line)?.[1]
      if (name !== undefined) names.push(name)
    }
  }
  return names
}

/** Every exception says why. */
function lintReasons(root, name) {
  return sources(root, `crates/${name}`, ['.rs'])
    .filter((path) => /#!?\[(expect|allow)\((?![^\]]*reason\s*=)/.test(readFileSync(join(root, path), 'utf8')))
    .map((path) => `${path}: an expect or allow without a reason`)
}
