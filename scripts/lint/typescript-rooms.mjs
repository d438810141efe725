import { dirname, join, normalize } from 'node:path'
import { code, sources } from './files.mjs'

const BASE = ['units', 'errors', 'metadata', 'native']
const READING = [...BASE, 'config', 'classify', 'recording', 'analysis', 'report']

/** What each room may import besides itself (design: imports point one way). A room is a directory of ts/, or a file directly in it. */
const ROOMS = {
  units: [],
  errors: ['units'],
  metadata: ['units', 'errors'],
  native: ['units', 'errors', 'metadata'],
  config: BASE,
  // rules.toml is read by config's TOML reader.
  classify: [...BASE, 'config'],
  recording: [...BASE],
  analysis: [...BASE, 'config', 'classify', 'recording'],
  report: [...BASE, 'config', 'classify', 'recording', 'analysis'],
  run: [...BASE, 'config'],
  // metadata.json of an import is written as run writes it.
  convert: [...BASE, 'run'],
  sample: [...READING, 'run', 'convert'],
  cli: [...READING, 'run', 'convert', 'sample'],
  index: [...READING, 'run', 'convert', 'sample'],
}
const CLIENT = 'ts/report/client/'
/** What runs in the browser sees these files and nothing else of ours. */
const CLIENT_MAY_IMPORT = [CLIENT, 'ts/report/', 'ts/units.ts', 'ts/analysis/contract.ts']
/** npm packages that one room, or one file, hides from the others. */
const HIDDEN = { clipanion: 'ts/cli/', toml: 'ts/config/', uplot: CLIENT }

export function lintTypeScriptRooms(root) {
  const files = sources(root, 'ts', ['.ts'])
  return [...files.flatMap((path) => lintFile(path, code(root, path))), ...lintSingleImporter(root, files, 'uplot')]
}

function lintFile(path, text) {
  const problems = []
  const room = roomOf(path)
  if (!Object.hasOwn(ROOMS, room)) problems.push(`${path}: the room '${room}' has no row in scripts/lint/typescript-rooms.mjs`)
  for (const specifier of importsOf(text)) problems.push(...lintImport(path, room, specifier))
  if (!path.startsWith('ts/cli/ui/') && /\bconsole\s*\.|\bprocess\s*\.\s*(stdout|stderr)\b/.test(text)) {
    problems.push(`${path}: only ts/cli/ui/ prints`)
  }
  if (path === 'ts/index.ts' && !onlyReExports(text)) problems.push(`${path}: only re-exports belong here`)
  return problems
}

function lintImport(path, room, specifier) {
  if (!specifier.startsWith('.')) {
    const owner = HIDDEN[specifier.split('/')[0]]
    return owner === undefined || path.startsWith(owner) ? [] : [`${path}: '${specifier}' is imported in ${owner} only`]
  }
  const target = normalize(join(dirname(path), specifier))
  if (target.startsWith('ts/native/')) return path === 'ts/native.ts' ? [] : [`${path}: only ts/native.ts imports the generated binding`]
  if (!target.endsWith('.ts')) return [`${path}: '${specifier}' does not end in .ts`]
  if (path.startsWith(CLIENT)) {
    return CLIENT_MAY_IMPORT.some((allowed) => target.startsWith(allowed)) ? [] : [`${path}: browser code cannot import ${target}`]
  }
  if (target.startsWith(CLIENT)) return [`${path}: ${target} is browser code`]
  const other = roomOf(target)
  if (other === room || (ROOMS[room] ?? []).includes(other)) return []
  return [`${path}: ${room} cannot import ${other} (${target})`]
}

function lintSingleImporter(root, files, name) {
  const importers = files.filter((path) => importsOf(code(root, path)).some((specifier) => specifier === name))
  return importers.length > 1 ? [`${importers.join(', ')}: only one file imports '${name}'`] : []
}

function roomOf(path) {
  return path.split('/')[1].replace(/\.ts$/, '')
}

function importsOf(text) {
  const statements =
    /\b(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g
  return [...text.matchAll(statements)].map(([, from, bare, call]) => from ?? bare ?? call)
}

function onlyReExports(text) {
  return text.replace(/export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*['"][^'"]+['"];?/g, '').trim() === ''
}
