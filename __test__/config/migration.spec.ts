import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cli } from 'clipanion'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../ts/cli/cli.ts'
import type { CliContext } from '../../ts/cli/context.ts'
import { configKeys, projectKeys } from '../../ts/config/schema.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/migration.md'), 'utf8')

describe('docs/migration.md', () => {
  test.each([...Object.keys(configKeys), ...Object.keys(projectKeys)])('says what became of %s', (key) => {
    expect(PAGE).toMatch(new RegExp(`\`(?:[\\w.]+\\.)?${key.slice(key.lastIndexOf('.') + 1)}\``))
  })

  test.each(['-p', '--project', '-j', '--jobs', '--no-pre-clean', '--no-post-clean', '-h', '--help'])(
    'the flag %s of the Python MyMonitor is named',
    (flag) => {
      expect(PAGE).toContain(`\`${flag}`)
    },
  )

  const plotter =
    '--log-dir --project-name --project --jobs --chart-type --output-dir --resample-interval --resample --expand-subcategories --expand-other --category --top-n --summary-plot'
  test.each(plotter.split(' '))('the flag %s of its plotter is named', (flag) => {
    expect(PAGE).toMatch(new RegExp(`plotter\\.py[^|]*${flag}\\b`))
  })

  const converter = '--input-format --output-format --compression --recursive --verbose'
  test.each(converter.split(' '))('the flag %s of its convert_storage is named', (flag) => {
    expect(PAGE).toMatch(new RegExp(`convert_storage\\.py[^\n]*\`${flag}\``))
  })

  const definitions = Cli.from<CliContext>(COMMANDS, { binaryName: 'mymonitor' }).definitions()
  const commands = [...PAGE.matchAll(/(?:^ *|`)(mymonitor [^`\n]*)/gm)].map(([, command = '']) => command.split(' -- ')[0] ?? '')
  test.each([...new Set(commands)])('%s names a verb and flags that exist', (command) => {
    const [first = 'sample', ...rest] = command.split(' ').slice(1)
    if (first === 'VERB') return
    const verb = first.startsWith('-') ? 'sample' : first
    const definition = definitions.find(({ path }) => path.split(' ')[1] === verb)
    const known = new Set(['--help', ...(definition?.options ?? []).flatMap(({ nameSet }) => nameSet)])
    expect(definition).toBeDefined()
    for (const flag of [first, ...rest].filter((word) => word.startsWith('-'))) expect(known).toContain(flag)
  })
})
