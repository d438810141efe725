// Runs mymonitor as the caller of npm would: in the caller's directory and with the caller's environment.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { callersEnvironment } from './setup/npm-env.mjs'

const root = join(import.meta.dirname, '..')
const main = join(root, 'dist/cli/main.js')
const given = process.argv.slice(2)
const demo = ['sample', '--config', join(root, 'examples/demo/conf/config.toml'), '-p', 'demo', '-j', '1,2,4']

const directory = given.length > 0 ? (process.env.INIT_CWD ?? process.cwd()) : root
const environment = callersEnvironment(process.env, readOf(process.ppid, 'cmdline'), readOf(process.ppid, 'environ'))
if (environment !== null) {
  for (const name of Object.keys(process.env)) if (!environment.has(name)) delete process.env[name]
  // Only what differs is set: a value that is not UTF-8 must keep its bytes.
  for (const [name, value] of environment) if (process.env[name] !== value) process.env[name] = value
}
process.chdir(directory)
if (given.length === 0 && process.env.PWD !== undefined) process.env.PWD = directory
process.argv = [process.execPath, main, ...(given.length > 0 ? given : demo)]
await import(main)

/** '' where there is no /proc. */
function readOf(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
