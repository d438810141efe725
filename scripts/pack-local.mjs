// npm run pack:local [-- --release]: tarballs of the main package and of this machine's platform package, in ./pack.
import './node-version.mjs'

const { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = await import('node:fs')
const { join } = await import('node:path')
const { ROOT, setup } = await import('./setup/main.mjs')
const { run } = await import('./setup/run.mjs')
const { buildNative } = await import('./setup/steps.mjs')

const stage = join(ROOT, 'target/pack')
const out = join(ROOT, 'pack')
const release = process.argv.includes('--release')

try {
  await setup()
  rmSync(stage, { recursive: true, force: true })
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  // The fast profile is what the tests run; the release profile is slow to build and for publishing.
  const native = release ? 'target/pack/native' : 'ts/native'
  if (release) {
    mkdirSync(join(ROOT, native), { recursive: true })
    buildNative(ROOT, native, 'release')
  }
  const { version } = readManifest(ROOT)
  pack(stageMain(version))
  pack(stagePlatform(version, join(ROOT, native)))
  for (const name of readdirSync(out)) process.stdout.write(`${join(out, name)}\n`)
} catch (error) {
  process.stderr.write(`mymonitor: packing failed: ${error.expected ? error.message : error.stack}\n`)
  process.exitCode = 1
}

function stageMain(version) {
  const directory = join(stage, 'main')
  mkdirSync(directory, { recursive: true })
  for (const name of ['dist', 'conf', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(ROOT, name), join(directory, name), { recursive: true })
  const { scripts: _scripts, devDependencies: _development, napi: _napi, ...manifest } = readManifest(ROOT)
  const platforms = readdirSync(join(ROOT, 'npm')).map((name) => readManifest(join(ROOT, 'npm', name)).name)
  writeManifest(directory, { ...manifest, optionalDependencies: Object.fromEntries(platforms.map((name) => [name, version])) })
  return directory
}

function stagePlatform(version, native) {
  const addon = readdirSync(native).find((name) => name.endsWith('.node'))
  const platform = addon.split('.')[1]
  const directory = join(stage, platform)
  cpSync(join(ROOT, 'npm', platform), directory, { recursive: true })
  for (const name of [addon, 'mymonitor-launcher']) cpSync(join(native, name), join(directory, name))
  cpSync(join(ROOT, 'LICENSE'), join(directory, 'LICENSE'))
  writeManifest(directory, { ...readManifest(directory), version })
  return directory
}

function pack(directory) {
  run(ROOT, 'npm', ['pack', directory, '--pack-destination', out, '--loglevel=error'])
}

function readManifest(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
}

function writeManifest(directory, manifest) {
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
