import type { ConfigOrigin } from '../../config/find.ts'
import type { ConfigDescription, ShownValue } from '../../config/show.ts'
import { tomlValue } from '../../config/toml.ts'
import { shownPath } from './result.ts'
import { complain, type Ui } from './ui.ts'

export interface ConfigView {
  ui: Ui
  cwd: string
  json: boolean
  origin: boolean
  /** Replaces secrets in a text. */
  hide: (text: string) => string
}

const FOUND: Readonly<Record<ConfigOrigin, string>> = {
  option: 'given with --config',
  environment: 'named by MYMONITOR_CONFIG',
  directory: 'found in conf/ here or above',
  user: "the user's own",
  shipped: 'shipped with mymonitor',
}

/** TOML, with comments that say where it is from; or `{ schema, config, projects, rules, warnings }`. Warnings go to stderr either way. */
export function printConfig(view: ConfigView, description: ConfigDescription, ruleCount: number): void {
  const { ui, hide } = view
  const hidden = (values: readonly ShownValue[]): ShownValue[] =>
    values.map((entry) => (typeof entry.value === 'string' ? { ...entry, value: hide(entry.value) } : entry))
  const config = { ...description.config, values: hidden(description.config.values) }
  const projects = { ...description.projects, projects: description.projects.projects.map(hidden) }
  const rules = { ...description.rules, count: ruleCount }
  if (view.json) ui.out.write(`${JSON.stringify({ schema: 1, config, projects, rules, warnings: description.warnings })}\n`)
  else {
    const where = (name: string, file: string, from: string) => ui.out.paint.dim(`# ${name}: ${shownPath(file, view.cwd)} (${from})`)
    const lines = [
      where('config.toml', config.file, FOUND[config.found]),
      ...valueLines(config.values, view),
      '',
      where('projects.toml', projects.file, fromOf(projects)),
      ...projects.projects.flatMap((values) => ['[[projects]]', ...valueLines(values, view), '']),
      where('rules.toml', rules.file, `${fromOf(rules)}, ${ruleCount} rules`),
    ]
    ui.out.write(`${lines.join('\n')}\n`)
  }
  for (const warning of description.warnings) complain(ui, warning)
}

function fromOf({ shipped }: { shipped: boolean }): string {
  return shipped ? FOUND.shipped : 'beside config.toml, or named by it'
}

function valueLines(values: readonly ShownValue[], { ui, cwd, origin }: ConfigView): string[] {
  const texts = values.map(({ key, value }) => `${key} = ${tomlValue(value)}`)
  if (!origin) return texts
  const width = Math.max(...texts.map((text) => text.length))
  return values.map(({ origin: from }, index) => {
    const comment = from === 'default' ? 'default' : `${shownPath(from.file, cwd)}:${from.line}`
    return `${(texts[index] ?? '').padEnd(width)}  ${ui.out.paint.dim(`# ${comment}`)}`
  })
}
