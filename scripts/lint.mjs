// npm run lint [-- STEP…]: every check that is not a test, by name; without names all of them, and all are run even when one fails.
import { spawnSync } from 'node:child_process'
import './node-version.mjs'
import { ROOT } from './setup/main.mjs'
import { cargo } from './setup/steps.mjs'

const bin = (name) => `node_modules/.bin/${name}`

/** @type {Record<string, [string, string[]]>} */
const STEPS = {
  rustfmt: ['cargo', ['fmt', '--check']],
  clippy: ['cargo', ['clippy', ...cargo(), '--workspace', '--all-targets', '--', '-D', 'warnings']],
  biome: [bin('biome'), ['ci']],
  typescript: [bin('tsc'), ['--noEmit', '-p', '.']],
  'typescript-client': [bin('tsc'), ['-p', 'ts/report/client']],
  'typescript-tests': [bin('tsc'), ['-p', '__test__']],
  'typescript-browser-tests': [bin('tsc'), ['-p', '__test__/browser']],
  rooms: [process.execPath, ['scripts/lint-rooms.mjs']],
  'dead-code': [bin('knip'), []],
  package: [bin('publint'), ['--strict']],
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STEPS)
const failed = []
for (const name of names) {
  const step = STEPS[name]
  if (step === undefined) {
    process.stderr.write(`there is no lint '${name}': ${Object.keys(STEPS).join(', ')}\n`)
    process.exit(2)
  }
  process.stdout.write(`── lint ${name}\n`)
  const { status, error } = spawnSync(step[0], step[1], { cwd: ROOT, stdio: 'inherit' })
  if (error !== undefined) process.stderr.write(`${step[0]} could not be started: ${error.message}\n`)
  if (status !== 0) failed.push(name)
}
process.stdout.write(failed.length > 0 ? `lint failed: ${failed.join(', ')}\n` : `lint: ${names.length} steps clean\n`)
process.exitCode = failed.length > 0 ? 1 : 0
