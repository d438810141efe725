/** Sweeps where the world is not as one would like it: clean commands that fail or hang, names, directories, a full disk. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Metadata } from '../../ts/metadata.ts'
import type { SampleResult } from '../../ts/sample/types.ts'
import { mymonitor, processesWith, run, temporary, uniqueSleep } from './harness.ts'
import { lines, recordOf, runDir, workspace } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A small look-alike of AOSP's tree: `m` and `lunch` are functions that build/envsetup.sh defines. */
function aospTree(tree: string): string {
  mkdirSync(join(tree, 'build'), { recursive: true })
  writeFileSync(
    join(tree, 'build/envsetup.sh'),
    `T="$PWD"
function lunch() { export TARGET_PRODUCT="\${1%-*}" OUT_DIR="$T/out"; echo "lunch $1" >> "$T/order"; sleep 0.2; }
function m() {
  [ -n "$TARGET_PRODUCT" ] || { echo 'Please lunch first' >&2; return 1; }
  echo "m $* ($TARGET_PRODUCT)" >> "$T/order"
  if [ "$1" = clean ]; then rm -rf "$OUT_DIR"; return; fi
  if [ -e "$OUT_DIR" ]; then echo 'not clean' >&2; return 1; fi
  mkdir -p "$OUT_DIR" && sleep 0.3
}
`,
  )
  return tree
}

describe('clean commands', () => {
  test('a tree like that of AOSP: setup, build and clean are functions of one shell, each level anew', async () => {
    const cwd = workspace({
      dir: '../my aosp',
      setup: 'source build/envsetup.sh && lunch aosp_arm64-userdebug',
      build: 'm -j<N>',
      clean: 'm clean',
      more: 'shell = "bash"',
    })
    const tree = aospTree(join(cwd, 'my aosp'))
    const { status, stdout, stderr } = await run(mymonitor('-p', 'p', '-j', '4,2', '--json'), { cwd })
    expect(status, stderr.toString()).toBe(0)
    expect(stderr.toString()).not.toContain('failed')
    const level = (jobs: number) =>
      ['m clean', `m -j${jobs}`, 'm clean'].flatMap((m) => ['lunch aosp_arm64-userdebug', `${m} (aosp_arm64)`])
    expect(lines(tree, 'order')).toEqual([...level(4), ...level(2)])
    expect(existsSync(join(tree, 'out'))).toBe(false)
    // The peak is one of the build, after the setup.
    const { levels } = JSON.parse(stdout.toString()) as SampleResult
    for (const { analysis } of levels) expect(analysis?.peak?.elapsedUs).toBeGreaterThan(190_000)
  })

  test('the shipped project aosp is recorded where -C says', async () => {
    const cwd = temporary()
    const tree = aospTree(join(cwd, 'aosp'))
    const { status, stderr } = await run(mymonitor('sample', '--project', 'aosp', '-C', tree, '-j', '4'), { cwd })
    expect(status, stderr.toString()).toBe(0)
    expect(lines(tree, 'order').filter((line) => line.startsWith('m '))).toEqual([
      'm clean (aosp_arm64)',
      'm -j4 (aosp_arm64)',
      'm clean (aosp_arm64)',
    ])
  })

  test('a setup that fails keeps its clean command from being run', async () => {
    const cwd = workspace({ setup: 'echo no such target; false', build: 'touch built', clean: 'touch cleaned' })
    const { status, stderr } = await run(mymonitor('-p', 'p', '-j', '1'), { cwd })
    expect(status).toBe(1)
    expect(stderr.toString()).toContain(
      'pre-clean "touch cleaned" failed: exit status 1; the level is recorded all the same\nno such target\n',
    )
    expect(readdirSync(join(cwd, 'src'))).toEqual([])
  })

  test('a stuck one is ended by its own timeout with all that it started, and the level is recorded', async () => {
    const marker = uniqueSleep()
    const cwd = workspace({ build: 'exit 5', clean: `sleep ${marker} & wait`, more: 'clean_timeout_seconds = 1' })
    const { status, stderr } = await run(mymonitor('-p', 'p', '-j', '1', '--no-post-clean'), { cwd })
    expect(status).toBe(5)
    expect(stderr.toString()).toContain('failed: not done after 1.00 s, so it was ended; the level is recorded all the same')
    expect(processesWith(marker)).toEqual([])
  })
})

describe('names and directories', () => {
  const hostile = `it's "$HOME" & \`x\`; touch pwned #`

  test('spaces and metacharacters in a project, its directory and its commands mean nothing to a shell of ours', async () => {
    const cwd = workspace({
      name: hostile,
      setup: `note="it's <N>"`,
      build: `printf '%s\\n' "$note" "a b" 'c"d' > 'out file'`,
      clean: `rm -f 'out file'; echo "cleaned $note" >> log`,
    })
    mkdirSync(join(cwd, hostile))
    const { status, stderr } = await run(mymonitor('-p', hostile, '-C', hostile, '-j', '3', '--no-post-clean', '--output-dir', hostile), {
      cwd,
    })
    expect(status, stderr.toString()).toBe(0)
    expect(lines(cwd, hostile, 'out file')).toEqual(["it's 3", 'a b', 'c"d'])
    expect(lines(cwd, hostile, 'log')).toEqual(["cleaned it's 3"])
    expect(existsSync(join(cwd, hostile, 'pwned')) || existsSync(join(cwd, 'pwned'))).toBe(false)
    expect(
      recordOf(join(cwd, hostile, readdirSync(join(cwd, hostile)).find((name) => name.startsWith('run_')) ?? '')).levels[0]?.recording,
    ).toMatch(/^it_s_+HOME_+x_+touch_pwned_+j3_pss_\d+_\d+$/)
  })

  test('a symlinked directory, one whose name is not UTF-8, and a current directory like that', async () => {
    const cwd = workspace({ dir: '../link', build: 'pwd -P > where; sleep 0.1' })
    const strange = Buffer.concat([Buffer.from(join(cwd, 'caf')), Buffer.from([0xe9])])
    mkdirSync(strange)
    symlinkSync(strange, join(cwd, 'link'))
    const project = await run(mymonitor('-p', 'p', '-j', '1'), { cwd })
    expect(project.status, project.stderr.toString()).toBe(0)
    expect(readFileSync(join(cwd, 'link/where')).subarray(0, -1).equals(strange)).toBe(true)

    const inside = mymonitor('--', 'sh', '-c', 'touch here; exit 4')
    const command = await run(['sh', '-c', 'cd link && cd -P . && exec "$@"', 'sh', ...inside], { cwd })
    expect(command.status, command.stderr.toString()).toBe(4)
    expect(readdirSync(join(cwd, 'link')).sort()).toEqual(['here', 'logs', 'where'])
    expect(readdirSync(cwd)).toHaveLength(5)

    const there = await run(['sh', '-c', 'exec "$@" -C "$(printf "caf\\351")" -- true', 'sh', ...mymonitor()], { cwd })
    expect(there.status).toBe(125)
    expect(there.stderr.toString()).toContain('cannot be reached: its name is not UTF-8; change into it and give -C .\n')
  })

  test('a read-only project directory, with the output elsewhere; a read-only output is said before anything is run', async (context) => {
    const readOnly = ['unshare', '-m', 'sh', '-c', 'mount --bind -o ro src src && mount -o remount,bind,ro src && exec "$@"', 'sh']
    const cwd = workspace({ build: 'touch x 2> /dev/null; echo $? ; exit 6' })
    if (spawnSync('unshare', [...readOnly.slice(1), 'true'], { cwd }).status !== 0) context.skip('a read-only mount is not permitted')
    const project = await run([...readOnly, ...mymonitor('-p', 'p', '-j', '1')], { cwd })
    expect(project.status).toBe(6)
    const recording = recordOf(runDir(cwd)).levels[0]?.recording ?? ''
    expect(readFileSync(join(runDir(cwd), recording, 'build_stdout.log'), 'utf8')).toBe('1\n')
    const output = await run([...readOnly, ...mymonitor('-p', 'p', '-j', '1', '--output-dir', 'src/out')], { cwd })
    expect(output.status).toBe(125)
    expect(output.stderr.toString()).toMatch(
      /^mymonitor: cannot create the directory [^\n]*: read-only file system; choose another place with --output-dir\n$/,
    )
  })

  test('two mymonitors at once have a run each', async () => {
    const cwd = workspace({ build: 'sleep 0.3; echo <N>' })
    const both = await Promise.all([1, 2].map(() => run(mymonitor('-p', 'p', '-j', '1,2', '--no-report'), { cwd })))
    expect(both.map(({ status }) => status)).toEqual([0, 0])
    const runs = readdirSync(join(cwd, 'logs'))
    expect(runs).toHaveLength(2)
    for (const name of runs)
      expect(recordOf(join(cwd, 'logs', name))).toMatchObject({ state: 'finished', levels: [{ exit_status: 0 }, { exit_status: 0 }] })
  })
})

describe('a disk that is full', () => {
  test('while the build runs: run.json and metadata.json are finished all the same', async (context) => {
    const cwd = temporary()
    mkdirSync(join(cwd, 'disk'))
    const mounted = [
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount -t tmpfs -o size=512k disk disk && "$@"; status=$?; cp -r disk kept; exit $status',
      'sh',
    ]
    if (spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'disk', 'disk'], { cwd }).status !== 0)
      context.skip('mounting a tmpfs is not permitted')
    const script = 'cat /dev/zero > disk/fill 2> /dev/null; sleep 0.3; exit 3'
    const { status, stderr } = await run([...mounted, ...mymonitor('--output-dir', 'disk/out', '--', 'sh', '-c', script)], { cwd })
    expect(status).toBe(3)
    expect(stderr.toString()).toMatch(
      /^mymonitor: the measurement failed: cannot write \S+: no space left on device; free some [^\n]*; the status of the build stands\n$/,
    )
    const dir = runDir(join(cwd, 'kept'), 'out')
    const record = recordOf(dir)
    expect(record).toMatchObject({ state: 'finished', levels: [{ state: 'finished', exit_status: 3 }] })
    expect(record.levels[0]?.measurement_errors.join()).toContain('no space left')
    const metadata = JSON.parse(readFileSync(join(dir, record.levels[0]?.recording ?? '', 'metadata.json'), 'utf8')) as Metadata
    expect(metadata).toMatchObject({ state: 'finished', exit_code: 3 })
  })
})

test.each(['out', 'out/*/*'])('a build that removes %s while it is recorded keeps its status, and one line says so', async (removed) => {
  const cwd = temporary()
  const script = `until ls out/*/*/ticks.journal; do sleep 0.05; done; sleep 0.2; rm -rf ${removed}; sleep 0.2; exit 3`
  const { status, stderr } = await run(mymonitor('--output-dir', 'out', '--', 'sh', '-c', `{ ${script}; } > /dev/null 2>&1`), { cwd })
  expect(status).toBe(3)
  expect(stderr.toString()).toMatch(
    /^mymonitor: the measurement failed: \S+ was removed while the build ran; choose [^\n]*; the status of the build stands\n$/,
  )
  const dir = runDir(cwd, 'out')
  expect(recordOf(dir)).toMatchObject({ state: 'finished', levels: [{ state: 'finished', exit_status: 3 }] })
})
