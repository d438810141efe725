import { Command, Option } from 'clipanion'
import { MyMonitorError } from '../../errors.ts'
import { reclassify } from '../../sample/reclassify.ts'
import { printReclassification } from '../ui/classify.ts'
import { BaseCommand } from './base.ts'

export class ClassifyCommand extends BaseCommand {
  static override paths = [['classify']]
  static override usage = Command.Usage({
    description: 'Classify a recording or a whole run again, without a build, and list what no rule matches',
    details:
      'Replaces classes.parquet. report and summary use it as long as it is by the rules of the configuration (rules_config): to see other rules there, name their file in it.',
    examples: [
      ['What the rules do not know yet', '$0 classify logs/run_20260102_030405'],
      ['With rules that are being written', '$0 classify DIR --rules my-rules.toml'],
    ],
  })
  directory = Option.String({ required: false, name: 'DIR' })
  rules = Option.String('--rules', { description: 'Use this rules file. Default: rules_config of the configuration' })

  override async execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    if (this.directory === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'classify needs a directory: mymonitor classify DIR')
    const options = {
      dir: this.directory,
      noRedact: this.noRedact,
      ...(this.rules === undefined ? {} : { rules: this.rules }),
      ...(this.config === undefined ? {} : { config: this.config }),
    }
    return printReclassification(ui, cwd, this.json, await reclassify(options, { cwd, env }))
  }
}
