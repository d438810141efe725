/** The tarballs of `npm run pack:local`, installed where nothing else is: what users get. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const manifest = (...path: string[]) => JSON.parse(readFileSync(join(...path, 'package.json'), 'utf8')) as Record<string, unknown>
const { version } = manifest(ROOT)
const platforms = readdirSync(join(ROOT, 'npm'))

describe('the manifest of each platform package', () => {
  test.each(platforms)('%s names its platform and says nothing about Node', (platform) => {
    const [os = '', cpu = '', abi] = platform.split('-')
    expect(manifest(ROOT, 'npm', platform)).toMatchObject({
      name: `@mymonitor/binding-${platform}`,
      version,
      os: [os],
      cpu: [cpu],
      libc: [abi === 'gnu' ? 'glibc' : 'musl'],
      files: [`mymonitor.${platform}.node`, 'mymonitor-launcher'],
    })
    // npm leaves out an optional package whose engines do not admit the user's Node, without a word.
    expect(manifest(ROOT, 'npm', platform)).not.toHaveProperty('engines')
  })
})

describe('installed from the tarballs with --ignore-scripts', () => {
  let folder = ''
  const run = (command: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
    return { status, stdout, stderr }
  }
  const installed = (...path: string[]) => join(folder, 'node_modules', ...path)
  const platform = () => readdirSync(installed('@mymonitor')).map((name) => installed('@mymonitor', name))

  beforeAll(() => {
    const packed = spawnSync(process.execPath, ['scripts/pack-local.mjs'], { cwd: ROOT, encoding: 'utf8' })
    if (packed.status !== 0) throw new Error(packed.stderr)
    const tarballs = packed.stdout.trim().split('\n')
    folder = mkdtempSync(join(tmpdir(), 'mymonitor-package-'))
    const { status, stderr } = run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs)
    if (status !== 0) throw new Error(stderr)
    writeFileSync(join(folder, 'Makefile'), 'all:\n\t@sleep 0.5\n\t@echo built\nbroken:\n\t@exit 9\n')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('the main package depends on the platform packages of exactly its version and holds no binary', () => {
    const { optionalDependencies, scripts, devDependencies } = manifest(installed('mymonitor'))
    expect(optionalDependencies).toEqual(Object.fromEntries(platforms.map((name) => [`@mymonitor/binding-${name}`, version])))
    expect([scripts, devDependencies]).toEqual([undefined, undefined])
    const native = readdirSync(installed('mymonitor/dist/native'))
    expect(native.filter((name) => name.endsWith('.node') || name === 'mymonitor-launcher')).toEqual([])
    for (const name of ['README.md', 'LICENSE', 'conf/rules.toml', 'dist/report/client.js', 'dist/index.d.ts']) {
      expect(existsSync(installed('mymonitor', name)), name).toBe(true)
    }
  })

  test('the platform package holds the addon and an executable launcher', () => {
    const [directory = ''] = platform()
    expect(readdirSync(directory).some((name) => name.endsWith('.node'))).toBe(true)
    expect(statSync(join(directory, 'mymonitor-launcher')).mode & 0o111).toBe(0o111)
    expect(manifest(directory)).not.toHaveProperty('engines')
  })

  test('npx mymonitor records a build and passes on its status', () => {
    const good = run('npx', 'mymonitor', '--', 'make')
    expect(good.stdout).toBe('built\n')
    expect(good.stderr).toMatch(/^ *peak /m)
    expect(good.status).toBe(0)
    expect(run('npx', 'mymonitor', '--', 'make', '-s', 'broken').status).toBe(2)
  })

  test('the example of the README runs', () => {
    const example = /```js\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1]
    if (example === undefined) throw new Error('README.md has no example')
    writeFileSync(join(folder, 'example.mjs'), example)
    const { status, stdout, stderr } = run(process.execPath, 'example.mjs')
    expect(stderr).toMatch(/^\d+ processes, \d+ KiB$/m)
    expect(stdout).toMatch(/^built\nmake exited with 0\npeak \d+ KiB after \d+ µs\n$/)
    expect(status).toBe(0)
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>')
  })

  test('every verb is a function of the package; the second example of the README runs', () => {
    const script = `
      import { readdirSync, writeFileSync } from 'node:fs'
      import { join } from 'node:path'
      import * as mymonitor from 'mymonitor'
      const { levels } = await mymonitor.sample({ command: ['make'], outputDir: 'verbs', report: false }).result
      const [{ recording: dir }] = levels
      const rows = []
      for (const [input, output] of [['processes.parquet', 'a.csv'], ['a.csv', 'b.json'], ['b.json', 'c.parquet']])
        rows.push((await mymonitor.convert({ input: join(dir, input), output: join(dir, output) })).files[0].rows)
      const refused = await mymonitor.convert({ input: join(dir, 'a.csv'), output: join(dir, 'b.json') }).catch(({ code }) => code)
      const exported = await mymonitor.exportRecordings({ dir, formats: ['json', 'md'], outputDir: 'exported' })
      const { analyses } = await mymonitor.summarize({ dir })
      const reclassified = await mymonitor.reclassify({ dir })
      const recovered = await mymonitor.recoverAll({ dir })
      const found = mymonitor.examine()
      const initialized = mymonitor.initialize(process.cwd())
      const config = mymonitor.describeConfig()
      writeFileSync('verbs.json', JSON.stringify({
        rows, refused, exported: readdirSync('exported'), problems: exported.problems, sampled: analyses[0].recording.project,
        unmatched: reclassified.recordings[0].unmatched.processes, untouched: recovered.untouched, topics: found.length,
        project: initialized.project, system: initialized.build.system, found: config.config.found,
      }))
      process.chdir(dir)
    `
    const example = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)][1]?.[1] ?? ''
    writeFileSync(join(folder, 'verbs.mjs'), script + example.replace(/^import .*/m, 'const { convert, explain, loadRules } = mymonitor'))
    const { status, stdout, stderr } = run(process.execPath, 'verbs.mjs')
    expect([status, stderr]).toEqual([0, ''])
    const said = JSON.parse(readFileSync(join(folder, 'verbs.json'), 'utf8')) as Record<string, unknown>
    const [count] = said['rows'] as number[]
    expect(said).toMatchObject({
      rows: [count, count, count],
      refused: 'ERR_MYMONITOR_OUTPUT',
      exported: ['make_PSS_KB_report.json', 'make_PSS_KB_report.md'],
      problems: [],
      sampled: 'make',
      untouched: 1,
      system: 'Make',
      found: 'directory',
    })
    expect(stdout).toBe(`built\nCPP_COMPILE Frontend_GCC main.cpp\n${count}\n`)
  })
})
