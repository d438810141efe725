import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { expect, test } from 'vitest'
import { directoryWith } from '../config/files.ts'

const UI = fileURLToPath(new URL('../../ts/cli/ui', import.meta.url))

/** A process whose stdout is a non-blocking pipe that `reader` (shell) reads, running `code` with the two modules at hand. */
function piped(code: string, reader: string): Promise<{ status: number | null; out: string; err: string }> {
  const script = join(directoryWith(), 'main.mjs')
  const contents = `import { isClosed, writeAll, writeFailure } from './write.ts'\nimport { replaceProcessStreams } from './streams.ts'\n${code}\n`
  buildSync({ stdin: { contents, resolveDir: UI, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile: script })
  // Another process that shares the pipe has made it non-blocking, as a Node does that is killed before it can restore the flag.
  const nonBlocking = `('${process.execPath}' -e 'process.stdout; process.kill(process.pid, "SIGKILL")'; true) 2>/dev/null`
  const line = `set -o pipefail; (${nonBlocking}; exec '${process.execPath}' '${script}') | ${reader}`
  const child = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString()
  })
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString()
  })
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })))
}

test('nothing is lost on a full non-blocking pipe with a slow reader', async () => {
  const { status, out, err } = await piped(`writeAll(1, 'x'.repeat(1_000_000)); writeAll(1, 'end')`, '(sleep 0.3; wc -c)')
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(Number(out)).toBe(1_000_003)
})

test('a reader that has gone ends nothing', async () => {
  const { status, err } = await piped(`for (let i = 0; i < 50; i += 1) writeAll(1, 'x'.repeat(100_000)); writeAll(2, 'on')`, 'true')
  expect({ status, err }).toEqual({ status: 0, err: 'on' })
})

test('a full device ends nothing, and the reason can be asked for', async () => {
  const code = `import { openSync } from 'node:fs'
const fd = openSync('/dev/full', 'w')
writeAll(fd, 'lost'); writeAll(fd, 'too'); writeAll(1, [writeFailure(fd), isClosed(fd), writeFailure(1), isClosed(1)].join())`
  expect(await piped(code, 'cat')).toEqual({ status: 0, out: 'no space left on device,true,,false', err: '' })
})

test("Node's own streams are replaced: using them leaves the descriptors as they are", async () => {
  const flags = `readFileSync('/proc/self/fdinfo/1', 'utf8').match(/flags:\\s+(\\d+)/)[1]`
  const code = `import { readFileSync } from 'node:fs'
replaceProcessStreams()
const before = ${flags}
process.stdout.write('out '); process.stderr.write('err'); process.stdin.resume()
writeAll(1, String(before === ${flags}))`
  expect(await piped(code, 'cat')).toEqual({ status: 0, out: 'out true', err: 'err' })
})
