import { Command, Option } from 'clipanion'
import { MyMonitorError } from '../../errors.ts'
import { verifyScope } from '../../sample/verify.ts'
import { complain } from '../ui/ui.ts'
import { printVerification } from '../ui/verify.ts'
import { parseCount } from '../values.ts'
import { BaseCommand } from './base.ts'

export class VerifyCommand extends BaseCommand {
  static override paths = [['verify']]
  static override usage = Command.Usage({
    description: 'Run a build once and say whether processes outside of its tree, such as daemons, work for it',
    details:
      'Looks for what matches process_pattern of the project. Exits with 0 when descendants_only records all of it, with 1 when full_scan is needed, with 2 when the build failed and nothing was found.',
    examples: [['Before the first recording of a project that uses daemons', '$0 verify -p android -j 8']],
  })
  project = Option.String('-p,--project', { description: 'The project of projects.toml' })
  jobs = Option.String('-j,--jobs', { description: 'The level. Default: the first of default_jobs of the configuration' })

  override async execute(): Promise<number> {
    const { ui, cwd, env, handleSignals } = this.context
    if (this.project === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'verify needs a project: mymonitor verify -p NAME')
    const options = {
      project: this.project,
      noRedact: this.noRedact,
      ...(this.config === undefined ? {} : { config: this.config }),
      ...(this.jobs === undefined ? {} : { jobs: parseCount('-j', this.jobs) }),
    }
    const observer = { warning: (message: string) => complain(ui, message) }
    return printVerification(ui, cwd, this.json, await verifyScope(options, observer, { cwd, env, handleSignals }))
  }
}
