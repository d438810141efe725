import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'
import { digestOf } from './stamps.mjs'
import { hostTarget } from './toolchains.mjs'

/**
 * One profile, one target directory, one target and one feature set for start, test and lint: nothing is compiled twice. napi names a target, and cargo keeps
 * what it builds for a named one apart from the rest.
 */
export const cargo = (profile = 'fast') => ['--profile', profile, '--target-dir', TARGET_DIR, '--target', hostTarget()]

const TARGET_DIR = 'target'
const RUST_SOURCES = ['Cargo.toml', 'Cargo.lock', 'crates']
const NATIVE = 'ts/native'

/**
 * In order. A step is skipped when its outputs exist and its inputs have the digest that it last ran with; without a digest the outputs
 * tell by themselves.
 * @type {{ name: string, title: string, digest?(root: string): string, outputsExist(root: string): boolean, run(root: string): void }[]}
 */
export const steps = [
  {
    name: 'packages',
    title: 'npm packages',
    outputsExist: matchesLock,
    run(root) {
      // No package that we use needs its install script.
      run(root, 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'])
    },
  },
  {
    name: 'native',
    title: 'native addon and launcher (a few minutes the first time)',
    digest: (root) => digestOf(root, [...RUST_SOURCES, 'package-lock.json']),
    outputsExist: (root) =>
      addons(root).length > 0 &&
      ['binding.cjs', 'binding.d.cts', 'mymonitor-launcher'].every((name) => existsSync(join(root, NATIVE, name))),
    run(root) {
      buildNative(root, NATIVE, 'fast')
    },
  },
  {
    name: 'javascript',
    title: 'TypeScript and report client',
    digest: (root) =>
      digestOf(root, [...RUST_SOURCES, 'ts', 'tsconfig.json', 'package-lock.json', 'scripts/build-report-client.mjs'], {
        except: (path) => path.endsWith('.node') || path.endsWith('/mymonitor-launcher'),
      }),
    outputsExist: (root) =>
      ['cli/main.js', 'report/client.js', 'native/mymonitor-launcher'].every((name) => existsSync(join(root, 'dist', name))),
    run(root) {
      const fresh = 'target/dist'
      rmSync(join(root, fresh), { recursive: true, force: true })
      run(root, 'node_modules/.bin/tsc', ['-p', '.', '--outDir', fresh])
      mkdirSync(join(root, fresh, 'native'), { recursive: true })
      for (const name of ['binding.cjs', 'binding.d.cts', 'mymonitor-launcher', ...addons(root)])
        cpSync(join(root, NATIVE, name), join(root, fresh, 'native', name))
      // Replaced whole: a deleted source leaves nothing behind, a running mymonitor keeps the files it has open.
      rmSync(join(root, 'target/dist-old'), { recursive: true, force: true })
      if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, 'target/dist-old'))
      renameSync(join(root, fresh), join(root, 'dist'))
      rmSync(join(root, 'target/dist-old'), { recursive: true, force: true })
      run(root, process.execPath, ['scripts/build-report-client.mjs'])
    },
  },
]

/** Builds addon, generated loader and launcher into `directory`. */
export function buildNative(root, directory, profile) {
  run(root, 'node_modules/.bin/napi', [
    ...['build', '--platform', ...cargo(profile), '--manifest-path', 'crates/binding/Cargo.toml'],
    ...['--output-dir', directory, '--js', 'binding.cjs', '--dts', 'binding.d.cts'],
  ])
  run(root, 'cargo', ['build', ...cargo(profile), '--package', 'mymonitor-launcher'])
  installExecutable(join(root, TARGET_DIR, hostTarget(), profile, 'mymonitor-launcher'), join(root, directory, 'mymonitor-launcher'))
}

/** By rename: the old file may be running. */
function installExecutable(from, to) {
  const temporary = `${to}.new`
  copyFileSync(from, temporary)
  chmodSync(temporary, 0o755)
  renameSync(temporary, to)
}

function addons(root) {
  return existsSync(join(root, NATIVE)) ? readdirSync(join(root, NATIVE)).filter((name) => name.endsWith('.node')) : []
}

/** node_modules holds what package-lock.json says; packages for other platforms may be missing. */
export function matchesLock(root) {
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'))
  const wanted = packagesOf(join(root, 'package-lock.json'))
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const found = installed[path]
    return path === '' || (found === undefined ? optional === true : found.version === version && found.integrity === integrity)
  })
}

function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {}
}
