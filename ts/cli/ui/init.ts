import type { Initialized } from '../../config/init.ts'
import { printable } from '../../report/printable.ts'
import { shownPath } from './result.ts'
import type { Ui } from './ui.ts'

/** The files written, one a line, and on stderr what was found and what to do next; or `{ schema, files, project, build, jobs, others }`. */
export function printInitialized({ out, err }: Ui, cwd: string, json: boolean, result: Initialized): void {
  if (json) {
    out.write(`${JSON.stringify({ schema: 1, ...result })}\n`)
    return
  }
  const { files, project, build, jobs, others } = result
  out.write(files.map((file) => `${shownPath(file, cwd)}\n`).join(''))
  const also = others.map(({ system, file }) => `${system} (${file})`)
  err.write(
    [
      `${printable(project)}: ${build.system} (${build.file}), ${printable(build.build_command_template)} at -j ${jobs.join(',')}`,
      ...(also.length === 0 ? [] : [`found as well, written as comments: ${also.join(', ')}`]),
      'look them over, then record the build with: mymonitor',
      '',
    ].join('\n'),
  )
}
