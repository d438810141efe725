import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** A small repository in which nothing is wrong. */
const SOUND: Record<string, string> = {
  'ts/units.ts': 'export const MIB = 1024\n',
  'ts/native.ts': "export type * from './native/binding.cjs'\n",
  'ts/index.ts': "export { MIB } from './units.ts'\nexport type { Session } from './native.ts'\n",
  'ts/config/load.ts':
    "import { MIB } from '../units.ts'\nimport { readFileSync } from 'node:fs'\nexport const load = () => [MIB, readFileSync]\n",
  'ts/report/html.ts': "/** Not console.log('x'). */\nexport const html = ''\n",
  'ts/report/client/main.ts': "import uPlot from 'uplot'\nexport const chart = uPlot\n",
  'ts/cli/ui/paint.ts': "process.stdout.write('x')\n",
  'crates/wire/Cargo.toml': '[package]\nname = "mymonitor-wire"\n\n[dependencies]\n',
  'crates/wire/src/lib.rs': '#![forbid(unsafe_code)]\n',
  'crates/launcher/Cargo.toml':
    '[package]\nname = "mymonitor-launcher"\n\n[dependencies]\nmymonitor-wire.workspace = true\nlibc.workspace = true\n\n[dev-dependencies]\nprocfs = "1"\n',
  'crates/launcher/src/main.rs': 'fn main() {}\n',
}

function lint(changes: Record<string, string>): { status: number | null; output: string } {
  const root = mkdtempSync(join(tmpdir(), 'mymonitor-lint-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries({ ...SOUND, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/lint-rooms.mjs'), root], { encoding: 'utf8' })
  return { status, output: stdout }
}

test('a sound repository has no findings', () => {
  expect(lint({})).toEqual({ status: 0, output: '' })
})

test('this repository has no findings', () => {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/lint-rooms.mjs')], { encoding: 'utf8' })
  expect(stdout).toBe('')
})

test.each([
  ['a room imports one to its right', { 'ts/config/load.ts': "import { html } from '../report/html.ts'\n" }, 'config cannot import report'],
  [
    'a type is imported from a room to its right',
    { 'ts/config/load.ts': "import type { A } from '../report/html.ts'\n" },
    'config cannot import report',
  ],
  [
    'a module is loaded late from a room to its right',
    { 'ts/config/load.ts': "await import('../report/html.ts')\n" },
    'config cannot import report',
  ],
  ['an import spans lines', { 'ts/config/load.ts': "import {\n  html,\n} from '../report/html.ts'\n" }, 'config cannot import report'],
  ['run imports the reading side', { 'ts/run/execute.ts': "import { html } from '../report/html.ts'\n" }, 'run cannot import report'],
  ['a room imports cli', { 'ts/report/html.ts': "import '../cli/ui/paint.ts'\n" }, 'report cannot import cli'],
  ['a room is new', { 'ts/advise/advise.ts': '' }, "the room 'advise' has no row"],
  [
    'another file imports the binding',
    { 'ts/config/load.ts': "import { x } from '../native/binding.cjs'\n" },
    'only ts/native.ts imports the generated binding',
  ],
  [
    'another file requires the binding',
    { 'ts/config/load.ts': "require('../native/binding.cjs')\n" },
    'only ts/native.ts imports the generated binding',
  ],
  ['a file outside cli/ui logs', { 'ts/config/load.ts': "console.log('x')\n" }, 'only ts/cli/ui/ prints'],
  ['a file outside cli/ui writes to stderr', { 'ts/cli/cli.ts': "process.stderr.write('x')\n" }, 'only ts/cli/ui/ prints'],
  ['the index holds code', { 'ts/index.ts': 'export const x = 1\n' }, 'only re-exports belong here'],
  [
    'browser code imports the core',
    { 'ts/report/client/main.ts': "import '../../native.ts'\n" },
    'browser code cannot import ts/native.ts',
  ],
  ['the core imports browser code', { 'ts/report/html.ts': "import './client/main.ts'\n" }, 'is browser code'],
  [
    'a second file imports uPlot',
    { 'ts/report/client/second.ts': "import uPlot from 'uplot'\nexport default uPlot\n" },
    "only one file imports 'uplot'",
  ],
  ['a package leaves its room', { 'ts/config/load.ts': "import { Cli } from 'clipanion'\n" }, "'clipanion' is imported in ts/cli/ only"],
  ['an import does not name a TypeScript file', { 'ts/config/load.ts': "import '../units.js'\n" }, 'does not end in .ts'],
  ['a name is in camel case', { 'ts/config/loadAll.ts': '' }, 'not in kebab-case'],
  ['a Rust name is in kebab case', { 'crates/wire/src/my-frame.rs': '' }, 'not in snake_case'],
  ['a file is long', { 'ts/config/load.ts': '\n'.repeat(401) }, '401 lines, at most 400'],
  [
    'a crate depends to its left',
    { 'crates/launcher/Cargo.toml': '[dependencies]\nmymonitor-analysis.workspace = true\n' },
    'launcher cannot depend on analysis',
  ],
  [
    'a crate depends to its left on one target',
    { 'crates/launcher/Cargo.toml': "[target.'cfg(unix)'.dependencies]\nmymonitor-recording = { path = '../recording' }\n" },
    'launcher cannot depend on recording',
  ],
  [
    'a dependency has a table of its own',
    { 'crates/launcher/Cargo.toml': '[dependencies.mymonitor-sampler]\npath = ".."\n' },
    'launcher cannot depend on sampler',
  ],
  [
    'a library leaves its crate',
    { 'crates/launcher/Cargo.toml': '[dependencies]\nprocfs = "1"\n' },
    "'procfs' is used in crates/proc only",
  ],
  ['a crate is new', { 'crates/extra/Cargo.toml': '[dependencies]\n' }, 'the crate has no row'],
  ['a safe crate does not forbid unsafe code', { 'crates/wire/src/lib.rs': '' }, '#![forbid(unsafe_code)] is missing'],
  ['an exception has no reason', { 'crates/launcher/src/main.rs': '#[expect(unsafe_code)]\nfn main() {}\n' }, 'without a reason'],
])('it is found when %s', (_, changes, finding) => {
  const { status, output } = lint(changes as Record<string, string>)
  expect(output).toContain(finding)
  expect(output.trim().split('\n')).toHaveLength(1)
  expect(status).toBe(1)
})

test('unit tests at the end of a Rust file do not count as its length', () => {
  const body = '\n'.repeat(390)
  expect(lint({ 'crates/launcher/src/main.rs': `${body}#[cfg(test)]\nmod tests {${'\n'.repeat(100)}}\n` }).status).toBe(0)
})
