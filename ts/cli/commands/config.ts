import { Command, Option } from 'clipanion'
import { redact } from '../../classify/redact.ts'
import { loadRules } from '../../classify/rules.ts'
import { describeConfig } from '../../config/show.ts'
import { MyMonitorError } from '../../errors.ts'
import { printConfig } from '../ui/config.ts'
import { BaseCommand } from './base.ts'

export class ConfigCommand extends BaseCommand {
  static override paths = [['config']]
  static override usage = Command.Usage({
    description: 'Print the configuration in effect and who set each value',
    details: 'Reads and checks all three files: config.toml, projects.toml, rules.toml. What it prints is TOML.',
    examples: [
      ['Every value', '$0 config show'],
      ['And the file and line that set it', '$0 config show --origin'],
    ],
  })
  action = Option.String({ required: false, name: 'show' })
  origin = Option.Boolean('--origin', false, { description: 'After each value, the file and line that set it, or: default' })

  override execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    const { action = 'show' } = this
    if (action !== 'show')
      throw new MyMonitorError('ERR_MYMONITOR_USAGE', `config has no "${action}"; to print the configuration: mymonitor config show`)
    const description = describeConfig(this.config, { cwd, env })
    const { rules } = loadRules(description.rules.file)
    const hide = (text: string): string => (this.noRedact ? text : (redact([text])[0] ?? ''))
    printConfig({ ui, cwd, json: this.json, origin: this.origin, hide }, description, rules.length)
    return Promise.resolve(0)
  }
}
