import { spawnSync } from 'node:child_process'
import { SetupError } from './run.mjs'

const RUST = [1, 88]

/** Throws one line that names everything that is missing or too old, before anything is downloaded or built. */
export function checkToolchains(env = process.env) {
  const problems = [rust(env), program(env, 'C compiler', 'CC', 'cc'), program(env, 'C++ compiler', 'CXX', 'c++'), make(env)].filter(
    (problem) => problem !== null,
  )
  if (problems.length > 0) throw new SetupError(problems.join('; '))
}

function rust(env) {
  const hint = `install it with rustup (https://rustup.rs) or update it with "rustup update stable"`
  for (const name of ['cargo', 'rustc']) {
    const said = versionOf(env, name)
    if (said === null) return `${name} is missing or does not run, Rust ${RUST.join('.')} or newer is needed: ${hint}`
    const found = /(\d+)\.(\d+)/.exec(said)
    const [major, minor] = [Number(found?.[1]), Number(found?.[2])]
    if (major < RUST[0] || (major === RUST[0] && minor < RUST[1]))
      return `${said.trim()} is too old, Rust ${RUST.join('.')} or newer is needed: ${hint}`
  }
  return null
}

/** What rustc builds for when nothing else is asked for, as `x86_64-unknown-linux-gnu`. */
export function hostTarget() {
  const { error, stderr, stdout } = spawnSync('rustc', ['--print', 'host-tuple'], { encoding: 'utf8' })
  if (error !== undefined || stdout === '') throw new SetupError(`rustc --print host-tuple failed: ${error?.message ?? stderr.trim()}`)
  return stdout.trim()
}

function program(env, what, variable, fallback) {
  const [name, ...args] = (env[variable] || fallback).split(' ')
  if (versionOf(env, name, args) !== null) return null
  return `a ${what} is missing ("${name}" does not run): install one, on Debian and Ubuntu with "apt-get install build-essential"`
}

function make(env) {
  return versionOf(env, 'make') === null ? 'make is missing: install it, on Debian and Ubuntu with "apt-get install build-essential"' : null
}

/** null: it does not run. */
function versionOf(env, name, args = []) {
  const { error, status, stdout } = spawnSync(name, [...args, '--version'], { env, encoding: 'utf8' })
  return error === undefined && status === 0 ? stdout.split('\n', 1)[0] : null
}
