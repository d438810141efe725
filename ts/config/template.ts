import { configKeys, type Key, projectKeys } from './schema.ts'
import { tomlValue } from './toml.ts'

/** Of the comments; the commands of a project may be longer. */
const WIDTH = 100

/** The text of a config.toml: every key that takes effect, explained. Keys that are not in `values` are commented out with their default. */
export function configText(introduction: string, values: Readonly<Record<string, unknown>>): string {
  const lines = comment(introduction)
  let table = ''
  for (const [path, key] of Object.entries(configKeys) as [string, Key][]) {
    if (key.kind !== 'setting') continue
    const at = path.lastIndexOf('.')
    if (path.slice(0, at) !== table) {
      table = path.slice(0, at)
      lines.push('', `[${table}]`)
    }
    const set = Object.hasOwn(values, path)
    const value = tomlValue(set ? values[path] : key.default)
    lines.push(...comment(key.help), ...comment(`Takes ${key.expected}.`), `${set ? '' : '# '}${path.slice(at + 1)} = ${value}`)
  }
  return `${lines.join('\n')}\n`
}

/** The defaults of every key that takes effect. */
export function defaults(): Record<string, unknown> {
  const settings = (Object.entries(configKeys) as [string, Key][]).filter(([, { kind }]) => kind === 'setting')
  return Object.fromEntries(settings.map(([path, key]) => [path, key.kind === 'setting' ? key.default : undefined]))
}

/** The comment that begins a projects.toml: every key of a project, explained. */
export function projectsIntroduction(introduction: string): string {
  const keys = (Object.entries(projectKeys) as [string, Key][]).flatMap(([name, key]) => (key.kind === 'setting' ? [{ name, ...key }] : []))
  const width = Math.max(...keys.map(({ name }) => name.length))
  const explained = keys.flatMap(({ name, help }) => {
    const [first = '', ...more] = wrap(help, WIDTH - width - 6)
    return [`#   ${name.padEnd(width)}  ${first}`, ...more.map((line) => `#   ${' '.repeat(width)}  ${line}`)]
  })
  return `${[...comment(introduction), '#', ...explained].join('\n')}\n`
}

/** One [[projects]] table; `note` goes above it. */
export function projectText(project: Readonly<Record<string, string>>, note: string): string {
  const lines = Object.entries(project).map(([key, value]) => `${key} = ${tomlValue(value)}`)
  return `${[...comment(note), '[[projects]]', ...lines].join('\n')}\n`
}

function comment(text: string): string[] {
  return text === '' ? [] : wrap(text, WIDTH - 2).map((line) => `# ${line}`)
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
