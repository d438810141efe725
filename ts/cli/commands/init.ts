import { Command } from 'clipanion'
import { initialize } from '../../config/init.ts'
import { MyMonitorError } from '../../errors.ts'
import { printInitialized } from '../ui/init.ts'
import { BaseCommand } from './base.ts'

export class InitCommand extends BaseCommand {
  static override paths = [['init']]
  static override usage = Command.Usage({
    description: 'Write conf/config.toml and conf/projects.toml for the build in the current directory',
    details: 'Knows Make, CMake, Ninja, Meson, Cargo, Go, Bazel, Gradle, Maven and npm. Runs nothing and overwrites nothing.',
    examples: [['Write them, then record the build', '$0 init && $0']],
  })

  override execute(): Promise<number> {
    const { ui, cwd } = this.context
    if (this.config !== undefined)
      throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'init takes no --config; it writes conf/ in the current directory')
    printInitialized(ui, cwd, this.json, initialize(cwd))
    return Promise.resolve(0)
  }
}
