import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SHIPPED_CONFIG } from '../../ts/config/find.ts'
import { configKeys } from '../../ts/config/schema.ts'
import { type ConfigDescription, describeConfig } from '../../ts/config/show.ts'
import { directoryWith } from './files.ts'

function describe(files: Record<string, string>): { dir: string; description: ConfigDescription } {
  const dir = directoryWith(files)
  return { dir, description: describeConfig(undefined, { cwd: dir, env: {} }) }
}

test('each value comes with the file and line that set it, or as a default', () => {
  const { dir, description } = describe({
    'conf/config.toml': '# mine\n[monitor.general]\n\ndefault_jobs = [2]\nskip_plots = false\n',
    'conf/projects.toml':
      '[[projects]]\nname = "a"\ndir = "d"\nbuild_command_template = "x"\n[[projects]]\nbuild_command_template = "y"\nname = "b"\ndir = "e"\n',
  })
  const { config, projects, rules } = description
  const value = (key: string) => config.values.find((entry) => entry.key === key)
  expect(config).toMatchObject({ file: join(dir, 'conf/config.toml'), found: 'directory' })
  expect(value('monitor.general.default_jobs')).toEqual({
    key: 'monitor.general.default_jobs',
    value: [2],
    origin: { file: join(dir, 'conf/config.toml'), line: 4 },
  })
  // Set to what the default is: set all the same.
  expect(value('monitor.general.skip_plots')?.origin).toEqual({ file: join(dir, 'conf/config.toml'), line: 5 })
  expect(value('monitor.storage.compression')).toMatchObject({ value: 'snappy', origin: 'default' })
  expect(projects.shipped).toBe(false)
  expect(projects.projects.map((entries) => entries.find(({ key }) => key === 'name'))).toEqual([
    { key: 'name', value: 'a', origin: { file: join(dir, 'conf/projects.toml'), line: 2 } },
    { key: 'name', value: 'b', origin: { file: join(dir, 'conf/projects.toml'), line: 7 } },
  ])
  expect(projects.projects[0]?.find(({ key }) => key === 'clean_command_template')).toMatchObject({ value: '', origin: 'default' })
  expect(rules).toEqual({ file: join(SHIPPED_CONFIG, '../rules.toml'), shipped: true })
})

test('every key that is not retired has a value', () => {
  const { dir, description } = describe({ 'conf/config.toml': '[monitor.storage]\nformat = "json"\ngenerate_legacy_formats = false\n' })
  const expected = Object.entries(configKeys).flatMap(([key, { kind }]) => (kind === 'retired' ? [] : [key]))
  expect(description.config.values.map(({ key }) => key)).toEqual(expected)
  const origin = { file: join(dir, 'conf/config.toml'), line: 3 }
  expect(description.config.values.find(({ key }) => key === 'monitor.storage.generate_legacy_formats')).toMatchObject({
    value: false,
    origin,
  })
})

test('without any file of the user all is shipped', () => {
  const { description } = describe({})
  expect(description.config).toMatchObject({ file: SHIPPED_CONFIG, found: 'shipped' })
  expect([description.projects.shipped, description.rules.shipped]).toEqual([true, true])
})
