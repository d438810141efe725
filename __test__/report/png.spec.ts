import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderPng } from '../../ts/report/png.ts'
import { DEFAULT_VIEW } from '../../ts/report/view.ts'
import { directoryWith } from '../config/files.ts'
import { buildAnalysis } from '../fixtures/analysis.ts'

const analysis = buildAnalysis({ points: 20 })
const render = (env: NodeJS.ProcessEnv) => renderPng(analysis, DEFAULT_VIEW, env)

/** A program that does what the script says in a directory of its own. */
function program(name: string, script: string): string {
  const file = join(directoryWith({ [name]: `#!/bin/sh\n${script}\n` }), name)
  chmodSync(file, 0o755)
  return file
}

test('without a Chromium one line says what is missing and what needs none', async () => {
  await expect(render({ PATH: '/nowhere' })).rejects.toMatchObject({
    code: 'ERR_MYMONITOR_UNSUPPORTED',
    message: expect.stringMatching(
      /^--format png needs a Chromium: none of chromium, .* is in PATH; install one, name it in MYMONITOR_CHROMIUM, or use --format svg[^\n]*$/,
    ),
  })
  await expect(render({ MYMONITOR_CHROMIUM: '/gone' })).rejects.toThrow('MYMONITOR_CHROMIUM is "/gone": expected the absolute path')
})

test('MYMONITOR_CHROMIUM goes before PATH, and is asked for a picture of the whole SVG', async () => {
  // Its answer is what it was asked for.
  const script = [
    'for last; do case $last in --screenshot=*) out=$(printf %s "$last" | cut -d= -f2);; esac; done',
    'printf "%s\\n" "$@" > "$out"',
    'head -c 4 "$(printf %s "$last" | cut -c8-)" >> "$out"',
  ].join('\n')
  const named = program('any-name', script)
  const found = program('google-chrome', 'exit 1')
  const PATH = `${join(found, '..')}:${process.env['PATH']}`
  const asked = Buffer.from(await render({ MYMONITOR_CHROMIUM: named, PATH })).toString()
  expect(asked).toMatch(/^--window-size=1000,6\d\d$/m)
  expect(asked).toMatch(/^--headless$/m)
  expect(asked.endsWith('<svg')).toBe(true)
})

test('a Chromium that fails is quoted', async () => {
  await expect(
    render({ MYMONITOR_CHROMIUM: program('chromium', 'echo first >&2; echo no display >&2; exit 1'), PATH: process.env['PATH'] }),
  ).rejects.toThrow(/chromium made no picture: no display; try it by hand, or use --format svg/)
  await expect(render({ MYMONITOR_CHROMIUM: program('chromium', 'exit 3'), PATH: process.env['PATH'] })).rejects.toThrow('it ended with 3')
})
